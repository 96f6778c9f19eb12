import HTTP

/// One row of the route table: what is served, and its description.
struct Route: Sendable {
  enum Method: String, Sendable {
    /// Answers HEAD too.
    case get = "GET"
    case post = "POST"
  }

  /// Who is let in where there are tokens.
  enum Access: Sendable {
    /// Anyone, without a token.
    case open
    case token
  }

  enum Body: Sendable {
    case none
    case json(FieldTable)
  }

  let method: Method
  let path: PathTemplate
  /// One sentence for readers of the API's description.
  let summary: String
  /// One for each parameter of the path.
  var parameters: [PathParameter] = []
  var body = Body.none
  var access = Access.token
  /// The replies that are this route's own; every route may also answer with an `APIError`.
  let replies: [Reply]
  let answer: @Sendable (APIService, RouteCall) -> HTTPReply

  /// Every route there is.
  static let all = [
    health,
    catalog,
    generate,
    jobs,
    operating,
  ].flatMap(\.self)
}

/// A parameter of a path, for readers of the API's description.
struct PathParameter: Sendable {
  let name: String
  let summary: String
}

/// A request on its way through its route.
struct RouteCall: Sendable {
  let request: HTTPRequest
  /// The values of the path's parameters, by name.
  let arguments: [String: String]
  let account: RequestStory

  var client: Client { account.client }
}
