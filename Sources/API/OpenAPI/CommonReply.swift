/// A refusal that routes have in common.
struct CommonReply: Sendable {
  let status: Int
  let summary: String
  /// Besides those every reply has.
  var headers: [String] = []
  /// Whether the connection may refuse so, which knows no routes and has the plain form alone.
  var isOfConnection = false
  var isOf: @Sendable (Route) -> Bool = { _ in true }

  /// - Parameter asksForTokens: whether there are tokens, without which some routes are closed.
  static func all(asksForTokens: Bool) -> [CommonReply] {
    let unauthorized = CommonReply(
      status: 401, summary: "There is no known token in Authorization.", headers: ["WWW-Authenticate"],
      isOf: { $0.access == .token })
    return (refusals + (asksForTokens ? [unauthorized] : [])).sorted { $0.status < $1.status }
  }

  private static let refusals = [
    CommonReply(
      status: 400, summary: "The request breaks HTTP or its body cannot be used.", isOfConnection: true),
    CommonReply(
      status: 403, summary: "Sent by a web page of another origin.", isOf: { $0.method != .get }),
    CommonReply(
      status: 404, summary: "Something that is named is not there.",
      isOf: { $0.hasBody || !$0.parameters.isEmpty }),
    CommonReply(status: 408, summary: "The request took too long to arrive.", isOfConnection: true),
    CommonReply(status: 413, summary: "The body is too large.", isOfConnection: true),
    CommonReply(status: 414, summary: "The request line is too long.", isOfConnection: true),
    CommonReply(status: 415, summary: "The body is not of the type it should have.", isOf: \.hasBody),
    CommonReply(status: 417, summary: "Another expectation than 100-continue.", isOfConnection: true),
    CommonReply(status: 421, summary: "The Host is not served here."),
    CommonReply(
      status: 422, summary: "Fields are wrong, or do not go together.",
      isOf: { $0.hasBody && $0.errors != .openAI }),
    CommonReply(
      status: 429, summary: "Too many requests wait, or come.", headers: ["Retry-After"],
      isOf: { $0.access == .token }),
    CommonReply(status: 431, summary: "The header fields are too large or too many.", isOfConnection: true),
    CommonReply(status: 500, summary: "A fault of the server.", isOfConnection: true),
    CommonReply(status: 501, summary: "An unknown transfer coding.", isOfConnection: true),
    CommonReply(
      status: 503, summary: "It cannot be done now; detail says why.", headers: ["Retry-After"],
      isOfConnection: true),
    CommonReply(status: 504, summary: "No step was made for too long.", isOf: \.hasBody),
    CommonReply(status: 505, summary: "Another version of HTTP than 1.x.", isOfConnection: true),
  ]

  /// Of the refusal's body, from a route of that form.
  func shape(_ form: ErrorForm) -> Shape {
    let shape = form.shape(status: status)
    return isOfConnection && form == .openAI ? .either(shape, ErrorForm.plain.shape(status: status)) : shape
  }
}

extension Route {
  var hasBody: Bool {
    if case .none = body { false } else { true }
  }
}

extension ErrorForm {
  /// - Parameter status: of the refusal.
  func shape(status: Int) -> Shape {
    switch (self, status) {
    case (.openAI, _): .named("OpenAIError", .record(["error": Self.openAIError]))
    case (_, 422): .named("ValidationError", .record(["detail": .array(Self.issue), "code": .text]))
    default: .named("Error", .record(["detail": .text, "code": .text]))
    }
  }

  private static let openAIError = Shape.record([
    "message": .text, "type": .text, "param": .nullable(.text), "code": .nullable(.text),
  ])

  private static let issue = Shape.named(
    "ValidationIssue",
    .object([
      .init(name: "type", shape: .text), .init(name: "loc", shape: .array(.either(.text, .integer))),
      .init(name: "msg", shape: .text), .init(name: "input", shape: .any),
      .init(name: "ctx", shape: .map(.any), isRequired: false),
    ]))
}
