import HTTP
import Testing

@testable import API

@Suite struct PathTemplateTests {
  @Test func argumentsAreWholeSegments() {
    let template: PathTemplate = "/jobs/{id}/cancel"
    #expect(template.parameters == ["id"])
    #expect(template.arguments(of: "/jobs/a.b-c/cancel") == ["id": "a.b-c"])
    #expect(PathTemplate("/health").arguments(of: "/health") == [:])
  }

  @Test(arguments: [
    "/jobs//cancel", "/jobs/a/cancel/", "/jobs/a/b/cancel", "/jobs/a", "jobs/a/cancel", "/Jobs/a/cancel", "",
    "/jobs/a/cancel?x", "//jobs/a/cancel", "*",
  ])
  func otherPaths(path: String) {
    #expect(PathTemplate("/jobs/{id}/cancel").arguments(of: path) == nil)
  }
}

@Suite struct RouteTableTests {
  private static func route(_ method: Route.Method, _ path: PathTemplate) -> Route {
    Route(method: method, path: path, summary: "", replies: []) { _, _ in .now(HTTPResponse(status: 200)) }
  }

  private let table = RouteTable([
    route(.get, "/jobs/{id}"), route(.post, "/jobs/{id}"), route(.get, "/jobs/all"),
    route(.get, "/jobs/{id}/reply"),
  ])

  private func find(_ method: String, _ path: String) throws -> String {
    switch try table.find(method: method, path: path) {
    case .route(let route, let arguments):
      "\(route.method.rawValue) \(route.path.text) \(arguments["id"] ?? "-")"
    case .options(let allow): allow
    }
  }

  @Test func routes() throws {
    #expect(try find("GET", "/jobs/7") == "GET /jobs/{id} 7")
    #expect(try find("HEAD", "/jobs/7") == "GET /jobs/{id} 7")
    #expect(try find("POST", "/jobs/7") == "POST /jobs/{id} 7")
    #expect(try find("GET", "/jobs/7/reply") == "GET /jobs/{id}/reply 7")
    #expect(try find("GET", "/jobs/all") == "GET /jobs/all -")
    #expect(try find("OPTIONS", "/jobs/7") == "GET, HEAD, POST, OPTIONS")
  }

  @Test func refusals() {
    let missing = #expect(throws: APIError.self) { try find("GET", "/jobs/") }
    #expect(missing?.status == 404)
    let wrong = #expect(throws: APIError.self) { try find("POST", "/jobs/7/reply") }
    #expect((wrong?.status, wrong?.headers["Allow"]) == (405, "GET, HEAD, OPTIONS"))
    // A path of its own is not also the template's.
    #expect(throws: APIError.self) { try find("POST", "/jobs/all") }
  }

  @Test func everyParameterIsDescribed() {
    for route in Route.all { #expect(route.parameters.map(\.name) == route.path.parameters) }
  }

  @Test func everyRouteIsThereOnce() {
    let rows = Route.all.map { "\($0.method.rawValue) \($0.path.text)" }
    #expect(Set(rows).count == rows.count)
  }
}
