extension TOMLShape where Value == String {
  /// A string of so many characters (Unicode scalars).
  static func text(_ length: ClosedRange<Int>) -> TOMLShape {
    TOMLShape { node throws(Mismatch) in
      guard case .string(let value) = node else { throw .expected("a string", node) }
      guard length.contains(value.unicodeScalars.count) else {
        throw Mismatch("must have from \(length.lowerBound) to \(length.upperBound) characters")
      }
      return value
    }
  }

  static func choice(_ values: [String]) -> TOMLShape {
    text(0...10_000).where {
      values.contains($0)
    } orSay: { value in
      "must be one of \(values.map(quoted).joined(separator: ", ")), not \(quoted(value))"
    }
  }

  /// A string of at most 200 characters for which `problem` is `nil`.
  static func text(refusedBy problem: @escaping (String) -> String?) -> TOMLShape {
    TOMLShape { node throws(Mismatch) in
      let value = try text(1...200).read(node)
      if let problem = problem(value) { throw Mismatch("cannot be \(quoted(value)): \(problem)") }
      return value
    }
  }

  /// A model's id or alias.
  static var identifier: TOMLShape {
    text(0...10_000).where {
      isIdentifier($0.utf8)
    } orSay: { value in
      "must be 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit, not \(quoted(value))"
    }
  }

  /// The name of a file without its ending, or of a scheduler: no folder, not hidden.
  static var name: TOMLShape {
    text(0...10_000).where {
      isName($0.utf8)
    } orSay: { value in
      "must be 1 to 128 letters, digits, '.', '_' and '-', not beginning with '.', not \(quoted(value))"
    }
  }

  static var sha256: TOMLShape {
    text(0...10_000).where {
      $0.utf8.count == 64 && $0.utf8.allSatisfy(isLowerHexDigit)
    } orSay: { _ in
      "must be 64 lower-case hexadecimal digits"
    }
  }

  static var supportedArchitecture: TOMLShape {
    text(0...10_000).where {
      $0 == "sdxl"
    } orSay: { value in
      "\(quoted(value)) is not an architecture this server can run; it runs \"sdxl\""
    }
  }

  /// A path below the models folder. Symbolic links on it are the operator's choice.
  static var checkpointFile: TOMLShape {
    text(1...1_000).where { value in
      let parts = value.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      return value.hasSuffix(".safetensors") && !parts.contains { part in isStep(part) }
        && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    } orSay: { value in
      "must be a .safetensors file within the models folder, without '..', not \(quoted(value))"
    }
  }

  /// Where a checkpoint comes from: `embedded`, `huggingface:OWNER/NAME`, an address, or a note of one's own.
  static var source: TOMLShape {
    text(1...1_000).where { value in
      value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    } orSay: { value in
      "must be a line of text without control characters, not \(quoted(value))"
    }
  }

  private func `where`(
    _ accepts: @escaping (String) -> Bool, orSay message: @escaping (String) -> String
  ) -> TOMLShape {
    TOMLShape { node throws(Mismatch) in
      let value = try read(node)
      guard accepts(value) else { throw Mismatch(message(value)) }
      return value
    }
  }
}

private func quoted(_ text: String) -> String {
  "\"\(text.unicodeScalars.count <= 100 ? text : String(text.unicodeScalars.prefix(100)) + "…")\""
}

private func isIdentifier(_ text: String.UTF8View) -> Bool {
  guard let first = text.first, isLetterOrDigit(first) else { return false }
  return text.count <= 64 && text.allSatisfy { isLetterOrDigit($0) || isPunctuation($0) }
}

private func isName(_ text: some Collection<UInt8>) -> Bool {
  guard let first = text.first, first != UInt8(ascii: ".") else { return false }
  return text.count <= 128
    && text.allSatisfy { isLetterOrDigit($0) || isPunctuation($0) }
}

/// A part of a path that names no entry of its folder: nothing at all, `.` or `..`.
private func isStep(_ part: some Collection<UInt8>) -> Bool {
  part.count <= 2 && part.allSatisfy { $0 == UInt8(ascii: ".") }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || isDigit(byte)
}

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func isPunctuation(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
}

private func isLowerHexDigit(_ byte: UInt8) -> Bool {
  isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
