import HTTP

/// Keeps web pages out of a server that trusts whoever can reach it.
///
/// A page that rebinds its own name to this address is known by its `Host`, one that posts across origins by
/// `Origin` and `Sec-Fetch-Site`, which pages cannot forge.
struct Gate: Sendable {
  private let allowedHosts: Set<String>
  private let crossOrigin: CrossOrigin

  init(allowedHosts: [String], crossOrigin: CrossOrigin) {
    self.allowedHosts = Set(allowedHosts.map { $0.lowercased() } + ["localhost"])
    self.crossOrigin = crossOrigin
  }

  func check(_ request: HTTPRequest) throws(APIError) {
    // HTTP/1.0 may come without Host; browsers always send it.
    let host = request.headers["Host"]
    let authority = host.flatMap { Authority($0.utf8) }
    if host != nil {
      guard let authority, authority.isAddress || allowedHosts.contains(authority.host) else {
        throw APIError(
          421, "host_not_allowed",
          "This Host is not served here; use an IP address or localhost, or start the server with --allow-host"
        )
      }
    }
    switch request.method {
    case "GET", "HEAD", "OPTIONS": return
    default: break
    }
    if crossOrigin.origin(of: request) != nil { return }
    let origins = request.headers.all("Origin")
    guard origins.count <= 1, origins.allSatisfy({ authority?.serves(origin: $0) == true }) else {
      throw APIError(403, "cross_origin", "Requests from other origins are refused")
    }
    let sites = request.headers.all("Sec-Fetch-Site").map { $0.lowercased() }
    guard !sites.contains("cross-site") else {
      throw APIError(403, "cross_origin", "Cross-site requests are refused")
    }
  }
}
