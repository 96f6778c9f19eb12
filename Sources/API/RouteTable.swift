import HTTP

/// Routes by path.
struct RouteTable: Sendable {
  enum Match: Sendable {
    case route(Route, arguments: [String: String])
    /// An OPTIONS request, and the value of `Allow` for its path.
    case options(allow: String)
  }

  /// Those without parameters, by their path.
  private let fixed: [String: [Route]]
  /// The others, grouped by path, in the table's order.
  private let templates: [(path: PathTemplate, routes: [Route])]

  init(_ routes: [Route]) {
    fixed = Dictionary(grouping: routes.filter { $0.path.parameters.isEmpty }, by: \.path.text)
    var templates: [(path: PathTemplate, routes: [Route])] = []
    for route in routes where !route.path.parameters.isEmpty {
      if let place = templates.firstIndex(where: { $0.path == route.path }) {
        templates[place].routes.append(route)
      } else {
        templates.append((route.path, [route]))
      }
    }
    self.templates = templates
  }

  /// A path without parameters goes before a template that it matches too.
  func find(method: String, path: String) throws(APIError) -> Match {
    guard let (routes, arguments) = candidates(path) else { throw APIError(404, "not_found", "Not Found") }
    let wanted = method == "HEAD" ? Route.Method.get.rawValue : method
    if let route = routes.first(where: { $0.method.rawValue == wanted }) {
      return .route(route, arguments: arguments)
    }
    let allow = Self.allow(routes)
    if method == "OPTIONS" { return .options(allow: allow) }
    var error = APIError(405, "method_not_allowed", "Method Not Allowed")
    error.headers.add("Allow", allow)
    throw error
  }

  /// The reply to `OPTIONS *`, which is about the server and not a path (RFC 9110 §9.3.7).
  static let general = HTTPResponse(status: 204, headers: ["Allow": "GET, HEAD, POST, OPTIONS"])

  /// How the routes of a path tell their errors.
  func errors(at path: String) -> ErrorForm { candidates(path)?.routes.first?.errors ?? .plain }

  /// Whether all that is served at a path is open to everyone.
  func isOpen(_ path: String) -> Bool {
    candidates(path)?.routes.allSatisfy { $0.access == .open } ?? false
  }

  private func candidates(_ path: String) -> (routes: [Route], arguments: [String: String])? {
    if let routes = fixed[path] { return (routes, [:]) }
    for (template, routes) in templates {
      if let arguments = template.arguments(of: path) { return (routes, arguments) }
    }
    return nil
  }

  private static func allow(_ routes: [Route]) -> String {
    let methods = routes.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.rawValue] }
    return (methods + ["OPTIONS"]).joined(separator: ", ")
  }
}
