import Generation
import JSON

extension PromptStyle {
  /// - Parameter asked: the value of `prompt_style`; a wrong one is refused elsewhere.
  init(asked: JSONValue?) { self = asked == "diffusers" ? .diffusers : .a1111 }
}

/// The prompt syntax that Darkroom understands so far: escapes; weights are recognised and refused.
enum PromptSyntax {
  /// The text to encode.
  ///
  /// Escapes are read as AUTOMATIC1111's `modules/prompt_parser.py` does: a backslash before `(`, `)`, `[`, `]`
  /// or `\` leaves that character, any other backslash is dropped.
  /// - Throws: when the prompt asks for something other than its plain text.
  static func plainText(_ prompt: String, style: PromptStyle) throws(FieldProblem) -> String {
    // The picture's text chunk could not hold it.
    guard !prompt.unicodeScalars.contains("\0") else { throw .value("a prompt should not contain NUL") }
    switch style {
    case .diffusers:
      guard !prompt.unicodeScalars.contains("!") else {
        throw .value(
          "an exclamation mark under prompt_style \"diffusers\" (its padding token) is not supported yet; "
            + "leave it out or send prompt_style \"a1111\"")
      }
      return prompt
    case .a1111, .comfy: return try unescaped(prompt)
    }
  }

  /// The text that reads as `prompt` where parentheses are weights.
  static func escaped(_ prompt: String) -> String {
    var text = String.UnicodeScalarView()
    for scalar in prompt.unicodeScalars {
      if special.contains(scalar) { text.append("\\") }
      text.append(scalar)
    }
    return String(text)
  }

  private static let special: Set<Unicode.Scalar> = ["(", ")", "[", "]", "\\"]

  private static func unescaped(_ prompt: String) throws(FieldProblem) -> String {
    let scalars = Array(prompt.unicodeScalars)
    guard !containsBreak(scalars), !contains("<lora:", in: scalars) else { throw unsupported }
    var text = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      if scalar == "\\" {
        guard index < scalars.count, special.contains(scalars[index]) else { continue }
        text.append(scalars[index])
        index += 1
      } else {
        guard !special.contains(scalar) else { throw unsupported }
        text.append(scalar)
      }
    }
    return String(text)
  }

  private static var unsupported: FieldProblem {
    .value(
      "prompt weights and networks (parentheses, brackets, BREAK, <lora:…>) are not supported yet; escape "
        + "parentheses and brackets with a backslash, or send prompt_style \"diffusers\" to have all of them "
        + "read as plain text")
  }

  /// Whether `BREAK` stands as a word of its own, Python's `\bBREAK\b`.
  private static func containsBreak(_ scalars: [Unicode.Scalar]) -> Bool {
    let word = Array("BREAK".unicodeScalars)
    return starts(of: word, in: scalars).contains { start in
      let end = start + word.count
      return (start == 0 || !isWordScalar(scalars[start - 1]))
        && (end == scalars.count || !isWordScalar(scalars[end]))
    }
  }

  private static func contains(_ text: String, in scalars: [Unicode.Scalar]) -> Bool {
    starts(of: Array(text.unicodeScalars), in: scalars).contains { _ in true }
  }

  private static func starts(
    of text: [Unicode.Scalar], in scalars: [Unicode.Scalar]
  ) -> some Sequence<Int> {
    scalars.indices.lazy.filter { scalars[$0...].starts(with: text) }
  }

  private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }
}
