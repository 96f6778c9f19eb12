import HTTP

/// One row of the route table.
struct Route: Sendable {
  enum Method: String, Sendable {
    /// Answers HEAD too.
    case get = "GET"
    case post = "POST"
  }

  let method: Method
  /// Compared whole with the decoded path of a request.
  let path: String
  /// One sentence for readers of the API's description.
  let summary: String
  /// The members of a JSON body, `nil` for a route without one.
  let body: FieldTable?
  let answer: @Sendable (APIService, HTTPRequest) -> HTTPReply

  /// Every route there is.
  static let all = health + catalog + generate
}

/// Routes by path.
struct RouteTable: Sendable {
  enum Match {
    case route(Route)
    /// An OPTIONS request, and the value of `Allow` for its path.
    case options(allow: String)
  }

  private let routes: [String: [Route]]

  init(_ routes: [Route]) { self.routes = Dictionary(grouping: routes, by: \.path) }

  func find(method: String, path: String) throws(APIError) -> Match {
    guard let candidates = routes[path] else { throw APIError(404, "not_found", "Not Found") }
    let wanted = method == "HEAD" ? Route.Method.get.rawValue : method
    if let route = candidates.first(where: { $0.method.rawValue == wanted }) { return .route(route) }
    let allow = Self.allow(candidates)
    if method == "OPTIONS" { return .options(allow: allow) }
    var error = APIError(405, "method_not_allowed", "Method Not Allowed")
    error.allow = allow
    throw error
  }

  private static func allow(_ routes: [Route]) -> String {
    let methods = routes.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.rawValue] }
    return (methods + ["OPTIONS"]).joined(separator: ", ")
  }
}
