/// A field's value made of a word and parameters, such as `form-data; name="image"` (RFC 9110 §5.6.6).
struct ParameterizedValue: Equatable {
  struct Parameter: Equatable {
    /// Lower case.
    var name: String
    var value: String
  }

  /// What stands before the first semicolon, in lower case.
  let word: String
  let parameters: [Parameter]

  /// - Parameter text: one scalar per byte, as `HTTPHeaders` holds values.
  /// - Returns: `nil` where the grammar is broken, a parameter comes twice, or bytes are not UTF-8.
  init?(_ text: String) {
    var reader = Reader(rest: text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }[...])
    word = String(decoding: trimmed(reader.take { $0 != UInt8(ascii: ";") }), as: UTF8.self).lowercased()
    var parameters: [Parameter] = []
    while reader.rest.popFirst() != nil {
      reader.rest = trimmed(reader.rest)
      // The grammar has room for nothing between two semicolons.
      if reader.rest.isEmpty || reader.rest.first == UInt8(ascii: ";") { continue }
      guard let parameter = reader.parameter(),
        !parameters.contains(where: { $0.name == parameter.name })
      else { return nil }
      parameters.append(parameter)
    }
    self.parameters = parameters
  }

  subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
      let taken = rest.prefix(while: isWanted)
      rest = rest[taken.endIndex...]
      return taken
    }

    /// `name=token` or `name="quoted"`, up to the next semicolon or the end.
    mutating func parameter() -> Parameter? {
      let name = take(while: ASCII.isToken)
      guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return nil }
      let value: [UInt8]
      if rest.first == UInt8(ascii: "\"") {
        guard let text = quoted() else { return nil }
        value = text
      } else {
        value = Array(take(while: ASCII.isToken))
        guard !value.isEmpty else { return nil }
      }
      rest = rest.drop { $0 == ASCII.space || $0 == ASCII.tab }
      guard rest.isEmpty || rest.first == UInt8(ascii: ";"),
        let text = String(validating: value, as: UTF8.self)
      else { return nil }
      return Parameter(name: String(decoding: name, as: UTF8.self).lowercased(), value: text)
    }

    /// A backslash stands for itself unless a quote or a backslash follows: browsers write file names with it
    /// as they are.
    private mutating func quoted() -> [UInt8]? {
      var text: [UInt8] = []
      rest = rest.dropFirst()
      while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\"") { return text }
        if byte == UInt8(ascii: "\\"), let next = rest.first,
          next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\")
        {
          text.append(next)
          rest = rest.dropFirst()
        } else {
          text.append(byte)
        }
      }
      return nil
    }
  }
}
