import HTTP
import JSON

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
    /// JSON, or a form of the same fields.
    case jsonOrForm(FieldTable)
    /// A form of texts and files.
    case multipart(FieldTable, files: [FormFile])
  }

  let method: Method
  let path: PathTemplate
  /// One sentence for readers of the API's description.
  let summary: String
  /// One for each parameter of the path.
  var parameters: [PathParameter] = []
  var body = Body.none
  /// A body of JSON that works, for readers; `nil` where the required fields are enough of one.
  var example: JSONObject?
  var access = Access.token
  var errors = ErrorForm.plain
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
    openAI,
    images,
    documentation,
  ].flatMap(\.self)
}

/// A parameter of a path, for readers of the API's description.
struct PathParameter: Sendable {
  let name: String
  let summary: String
}

/// A picture in a form.
struct FormFile: Sendable {
  /// A name with `[]` behind it may be repeated.
  let name: String
  var isRequired = false
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

extension Route.Body {
  /// - Throws: 415 where the head names another type of body.
  func checkType(_ headers: HTTPHeaders) throws(APIError) {
    switch self {
    case .none: return
    case .json: try JSONBody.checkType(headers)
    case .jsonOrForm: if !headers.sayForm { try JSONBody.checkType(headers) }
    case .multipart:
      guard headers.sayForm else {
        throw APIError(
          415, "unsupported_media_type",
          "The body should be multipart/form-data: with curl, use -F NAME=VALUE")
      }
    }
  }
}

extension HTTPHeaders {
  /// Whether the body is said to be a form of texts and files.
  var sayForm: Bool {
    let types = all("Content-Type")
    return types.count == 1 && types[0].mediaType == "multipart/form-data"
  }
}

extension String {
  /// The media type of a `Content-Type`, without its parameters, in lower case.
  var mediaType: String {
    let media = utf8.prefix { $0 != UInt8(ascii: ";") }
    let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let start = media.firstIndex { !isBlank($0) } ?? media.endIndex
    let end = media.lastIndex { !isBlank($0) }.map { media.index(after: $0) } ?? start
    return String(decoding: media[start..<end], as: UTF8.self).lowercased()
  }
}
