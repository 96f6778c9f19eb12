import Access
import HTTP
import JSON

extension Route {
  static let documentation: [Route] = [
    Route(
      method: .get, path: "/openapi.json", summary: "This description, in OpenAPI 3.1.",
      replies: [
        Reply(status: 200, summary: "Made from the routes themselves.", media: "application/json")
      ],
      answer: { service, _ in
        .now(service.description.response(asksForTokens: !service.configuration.tokens().isEmpty))
      }),
    Route(
      method: .get, path: "/docs", summary: "A page that shows the routes and sends requests.",
      errors: .page,
      replies: [Reply(status: 200, summary: "The page.", media: "text/html")],
      answer: { _, _ in .now(DocsPage.response()) }),
  ]
}

/// The description as it is sent, made once.
struct OpenAPIFile: Sendable {
  private let withTokens: HTTPResponse
  private let withoutTokens: HTTPResponse

  init(routes: [Route], version: String) {
    func response(_ asksForTokens: Bool) -> HTTPResponse {
      let document = OpenAPIDocument(routes: routes, version: version, asksForTokens: asksForTokens)
      return .json(.object(document.json))
    }
    (withTokens, withoutTokens) = (response(true), response(false))
  }

  func response(asksForTokens: Bool) -> HTTPResponse { asksForTokens ? withTokens : withoutTokens }
}
