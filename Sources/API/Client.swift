/// Who sent a request.
struct Client: Sendable, Equatable {
  /// The peer's address, without its port.
  let address: String
  /// The name of the token; `nil` without one.
  var token: String?

  /// What turns, rates and jobs are counted by.
  var key: String { token.map { "token:\($0)" } ?? "address:\(address)" }
}
