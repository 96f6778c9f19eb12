import Access
import HTTP

extension APIService {
  /// Whom the request comes from.
  /// - Throws: 401 where tokens are asked for and the request does not carry exactly one that is known.
  func authenticate(_ request: HTTPRequest) throws(APIError) -> Client {
    var client = Client(address: request.remoteAddress)
    let tokens = configuration.tokens()
    if tokens.isEmpty { return client }
    client.token = Self.bearer(request.headers).flatMap { tokens.name(of: $0) }
    guard client.token != nil else {
      // Counted too: guessing is no way around the limit.
      if let wait = configuration.rateLimiter?.admit(client.key) { throw .tooSoon(wait) }
      throw .unauthorized
    }
    return client
  }

  /// The token of the one `Authorization` field, if it is of that scheme (RFC 6750 §2.1).
  private static func bearer(_ headers: HTTPHeaders) -> Substring.UTF8View? {
    let fields = headers.all("Authorization")
    guard fields.count == 1, let field = fields.first else { return nil }
    let words = field.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
    return words[1].drop { $0 == " " }.utf8
  }
}

extension APIError {
  static let unauthorized: APIError = {
    var error = APIError(
      401, "unauthorized", "A token is needed: with curl, add -H 'Authorization: Bearer TOKEN'")
    error.headers.add("WWW-Authenticate", "Bearer")
    return error
  }()
}
