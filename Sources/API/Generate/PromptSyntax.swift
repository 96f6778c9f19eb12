import Generation
import JSON

extension PromptStyle {
  /// - Parameter asked: the value of `prompt_style`; a wrong one is refused elsewhere.
  init(asked: JSONValue?) {
    if case .string(let name) = asked { self = PromptStyle(rawValue: name) ?? .a1111 } else { self = .a1111 }
  }
}

/// What can be said of a prompt's syntax without its tokens: what its style reads as something that Darkroom
/// does not have is refused, so that it is never taken for text. Weights are read where the prompt is encoded.
enum PromptSyntax {
  /// Which of the two prompts it is.
  enum Side: Sendable { case positive, negative }

  /// - Throws: when the prompt asks for more than text, weights, windows and LoRAs.
  static func check(_ prompt: String, style: PromptStyle, side: Side) throws(FieldProblem) {
    // The picture's text chunk could not hold it.
    guard !prompt.unicodeScalars.contains("\0") else { throw .value("a prompt should not contain NUL") }
    switch style {
    case .diffusers: return
    // Whether an `embedding:…` is there is known when the names are looked up.
    case .comfy: return
    case .a1111:
      switch side {
      case .positive: try checkA1111(A1111Prompt(PromptNetworks(prompt).text))
      case .negative:
        guard !PromptNetworks.stand(in: prompt) else {
          throw unsupported("<lora:…> in a negative prompt", instead: "write it in prompt")
        }
        try checkA1111(A1111Prompt(prompt))
      }
    }
  }

  private static func checkA1111(_ prompt: A1111Prompt) throws(FieldProblem) {
    guard !prompt.hasComposition else {
      throw unsupported("AND, which composes prompts,", instead: "write it in lower case")
    }
    switch prompt.schedule {
    case .editing:
      throw unsupported(
        "prompt editing, [from:to:when],", instead: "escape the bracket with a backslash: \\[from:to:when\\]")
    case .alternation:
      throw unsupported("alternation, [a|b],", instead: "escape the bracket with a backslash: \\[a|b\\]")
    case nil: break
    }
  }

  static func unsupported(_ what: String, instead remedy: String) -> FieldProblem {
    .value(
      "\(what) is not supported; \(remedy), or send prompt_style \"diffusers\" to have the whole prompt read as "
        + "plain text")
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

  /// The first name behind an `embedding:` that begins a word, as ComfyUI reads it; `nil` where there is none.
  static func embeddingNamed(in prompt: String) -> String? {
    let scalars = Array(prompt.unicodeScalars)
    let word = Array("embedding:".unicodeScalars)
    let start = scalars.indices.first { index in
      scalars[index] == word[0] && scalars[index...].starts(with: word)
        && (index == 0 || [" ", "\n", "(", ")"].contains(scalars[index - 1]))
    }
    guard let start else { return nil }
    var name = String.UnicodeScalarView()
    name.append(
      contentsOf: scalars[(start + word.count)...].prefix { ![" ", "\n", ",", "(", ")", ":"].contains($0) })
    return String(name)
  }

  private static let special: Set<Unicode.Scalar> = ["(", ")", "[", "]", "\\"]
}

/// AUTOMATIC1111's syntax beyond weights. Behaviour of its `modules/prompt_parser.py`.
private struct A1111Prompt {
  private let scalars: [Unicode.Scalar]

  init(_ prompt: String) { scalars = Array(prompt.unicodeScalars) }

  /// Whether there is a `\bAND\b`.
  var hasComposition: Bool {
    let word = Array("AND".unicodeScalars)
    return scalars.indices.contains { start in
      guard scalars[start] == word[0], scalars[start...].starts(with: word) else { return false }
      let end = start + word.count
      return (start == 0 || !scalars[start - 1].isWord)
        && (end == scalars.count || !scalars[end].isWord)
    }
  }

  enum Schedule { case editing, alternation }

  /// The first `[from:to:when]`, `[to:when]` or `[a|b]`. `[a]`, `[[a]]` and `[a:b]` are none.
  var schedule: Schedule? {
    var open: [Group] = []
    var index = 0
    while index < scalars.count {
      switch scalars[index] {
      case "\\": index += 1
      case "(": open.append(Group(isBracket: false))
      case "[": open.append(Group(isBracket: true))
      case ":" where !open.isEmpty: open[open.count - 1].colons.append(index)
      case "|" where !open.isEmpty: open[open.count - 1].hasBar = true
      // A group that ends with the other sign is none, and neither are those left open in it.
      case ")":
        while open.popLast()?.isBracket == true {}
      case "]":
        let group = open.popLast()
        if let group, group.isBracket {
          if group.hasBar { return .alternation }
          if isTime(behind: group.colons, upTo: index) { return .editing }
        } else {
          while open.popLast()?.isBracket == false {}
        }
      default: break
      }
      index += 1
    }
    return nil
  }

  private struct Group {
    let isBracket: Bool
    /// Where they are, outside of groups within.
    var colons: [Int] = []
    var hasBar = false
  }

  /// Whether a number is all that stands behind the last of one or two colons.
  private func isTime(behind colons: [Int], upTo end: Int) -> Bool {
    guard let last = colons.last, colons.count <= 2 else { return false }
    var rest = scalars[last + 1..<end]
    func skip(_ isPart: (Unicode.Scalar) -> Bool) -> Int {
      let part = rest.prefix(while: isPart)
      rest = rest.dropFirst(part.count)
      return part.count
    }
    func skipDigits() -> Int { skip { ("0"..."9").contains($0) } }
    func skipOne(_ choices: Set<Unicode.Scalar>) -> Bool {
      guard let first = rest.first, choices.contains(first) else { return false }
      rest = rest.dropFirst()
      return true
    }
    _ = skip(Self.isSpace)
    _ = skipOne(["+", "-"])
    var digits = skipDigits()
    if skipOne(["."]) { digits += skipDigits() }
    guard digits > 0 else { return false }
    if skipOne(["e", "E"]) {
      _ = skipOne(["+", "-"])
      guard skipDigits() > 0 else { return false }
    }
    _ = skip(Self.isSpace)
    return rest.isEmpty
  }

  /// Python's `\s`.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }
}
