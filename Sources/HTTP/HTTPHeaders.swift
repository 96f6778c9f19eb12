/// Header fields in the order they came, with names compared without case (RFC 9110 §5).
///
/// Values hold one scalar per byte (ISO 8859-1), so bytes above 0x7F survive unchanged.
public struct HTTPHeaders: Sendable, Equatable {
  /// One field line.
  public struct Field: Sendable, Equatable {
    public let name: String
    public let value: String
  }

  /// All fields, in order.
  public private(set) var fields: [Field] = []

  public init() {}

  /// How many field lines there are.
  public var count: Int { fields.count }

  /// The first value of `name`, or `nil`.
  public subscript(name: String) -> String? {
    fields.first { ASCII.equal($0.name, name) }?.value
  }

  /// Every value of `name`, in order, one element a field line.
  public func all(_ name: String) -> [String] {
    fields.filter { ASCII.equal($0.name, name) }.map(\.value)
  }

  /// How many field lines of `name` there are.
  func count(of name: String) -> Int {
    fields.count { ASCII.equal($0.name, name) }
  }

  /// Adds a field line after the others.
  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// Replaces every field line of `name` by one.
  public mutating func set(_ name: String, _ value: String) {
    remove(name)
    add(name, value)
  }

  /// Removes every field line of `name`.
  public mutating func remove(_ name: String) {
    fields.removeAll { ASCII.equal($0.name, name) }
  }

  /// Whether the comma-separated lists under `name` hold `token`, without case (RFC 9110 §5.6.1).
  public func lists(_ token: String, in name: String) -> Bool {
    fields.contains { field in
      ASCII.equal(field.name, name)
        && field.value.utf8.split(separator: ASCII.comma).contains { ASCII.equal(trimmed($0), token.utf8) }
    }
  }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }
}

/// `bytes` without the spaces and tabs at its ends: only those two are blank in HTTP.
func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
  var slice = bytes[...]
  while let first = slice.first, first == ASCII.space || first == ASCII.tab { slice = slice.dropFirst() }
  while let last = slice.last, last == ASCII.space || last == ASCII.tab { slice = slice.dropLast() }
  return slice
}
