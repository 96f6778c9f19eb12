/// A check of schedulers that knows two of them.
@Sendable func eulers(_ name: String) -> String? {
  ["euler", "euler_a"].contains(name) ? nil : "unknown scheduler"
}
