import HTTP

/// Lets the pages of listed origins read replies and send requests: CORS, of the Fetch standard §3.2.
///
/// Credentials that browsers add by themselves are never allowed, nor is reaching from public pages into private
/// networks.
struct CrossOrigin: Sendable {
  let allowed: Set<Origin>

  /// The `Origin` of a request, if it is a listed one.
  func origin(of request: HTTPRequest) -> String? {
    if allowed.isEmpty { return nil }
    let origins = request.headers.all("Origin")
    guard origins.count == 1, let origin = Origin(origins[0]), allowed.contains(origin) else { return nil }
    return origins[0]
  }

  /// The reply to a page that asks whether it may send a request; the same for every path, so that it needs no
  /// token and tells nothing.
  func preflight(_ request: HTTPRequest) -> HTTPResponse? {
    guard request.method == "OPTIONS", origin(of: request) != nil,
      request.headers["Access-Control-Request-Method"] != nil
    else { return nil }
    return HTTPResponse(
      status: 204,
      headers: [
        "Access-Control-Allow-Methods": "GET, HEAD, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-Id",
        "Access-Control-Max-Age": "600",
      ])
  }

  /// The same response, for the page to read if its origin is listed.
  func marked(_ response: HTTPResponse, for request: HTTPRequest) -> HTTPResponse {
    if allowed.isEmpty { return response }
    var response = response
    response.headers.add("Vary", "Origin")
    guard let origin = origin(of: request) else { return response }
    response.headers.add("Access-Control-Allow-Origin", origin)
    response.headers.add("Access-Control-Expose-Headers", "X-Request-Id, X-Job-Id, Retry-After")
    return response
  }

  func marked(_ reply: HTTPReply, for request: HTTPRequest) -> HTTPReply {
    if allowed.isEmpty { return reply }
    switch reply {
    case .now(let response, let account): return .now(marked(response, for: request), account: account)
    case .later(let account, let work):
      return .later(account: account) { marked(await work(), for: request) }
    }
  }
}
