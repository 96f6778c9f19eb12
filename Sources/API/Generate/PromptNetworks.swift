/// The `<kind:arguments>` of AUTOMATIC1111's prompts, taken out of the text: `<lora:name>`, `<lora:name:0.8>`, and
/// `<lora:name:0.8:0.8>`, the same for text encoders and UNet.
/// Behaviour of its `modules/extra_networks.py` and `extensions-builtin/Lora/extra_networks_lora.py`.
struct PromptNetworks: Equatable {
  struct LoRA: Equatable {
    let name: String
    let scale: Double
  }

  /// The prompt without them; the blanks around them stay, as they do there.
  let text: String
  /// In the prompt's order.
  let loras: [LoRA]

  /// - Throws: for a network of another kind, or a LoRA whose weight is none that is taken.
  init(_ prompt: String) throws(FieldProblem) {
    let scalars = Array(prompt.unicodeScalars)
    let last = scalars.lastIndex(of: ">") ?? 0
    var text = String.UnicodeScalarView()
    var loras: [LoRA] = []
    var index = 0
    while index < scalars.count {
      if index < last, let tag = Tag(scalars, at: index) {
        loras.append(try Self.lora(tag))
        index = tag.end
      } else {
        text.append(scalars[index])
        index += 1
      }
    }
    (self.text, self.loras) = (String(text), loras)
  }

  /// Whether there is any.
  static func stand(in prompt: String) -> Bool {
    let scalars = Array(prompt.unicodeScalars)
    let last = scalars.lastIndex(of: ">") ?? 0
    return scalars[..<last].indices.contains { Tag(scalars, at: $0) != nil }
  }

  /// A `<(\w+):([^>]+)>`.
  private struct Tag {
    let kind: String
    let arguments: [String]
    /// Behind the `>`.
    let end: Int

    /// There should be a `>` behind `start`: without any, each of many `<a:` would be read to the end.
    init?(_ scalars: [Unicode.Scalar], at start: Int) {
      guard scalars[start] == "<" else { return nil }
      let kind = scalars[(start + 1)...].prefix { $0.isWord }
      guard !kind.isEmpty, kind.endIndex < scalars.count, scalars[kind.endIndex] == ":" else { return nil }
      let rest = scalars[(kind.endIndex + 1)...]
      guard let close = rest.firstIndex(of: ">"), close > rest.startIndex else { return nil }
      func text(_ part: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: part)
        return String(view)
      }
      self.kind = text(kind)
      arguments = rest[..<close].split(separator: ":", omittingEmptySubsequences: false).map(text)
      end = close + 1
    }
  }

  private static func lora(_ tag: Tag) throws(FieldProblem) -> LoRA {
    // `lyco` is what an older extension called them.
    guard ["lora", "lyco"].contains(tag.kind) else {
      throw PromptSyntax.unsupported("<\(tag.kind):…> in a prompt", instead: "only <lora:name:weight> is")
    }
    let name = tag.arguments[0]
    var scales: [Double] = []
    for text in tag.arguments.dropFirst() {
      guard let scale = Double(text.trimmingBlanks), (-4...4).contains(scale) else {
        throw .value("the weight of <lora:\(name):…> should be a number from -4 to 4")
      }
      scales.append(scale)
    }
    // The text encoders' weight, then the UNet's.
    guard scales.count <= 2, Set(scales).count <= 1 else {
      throw PromptSyntax.unsupported(
        "<lora:\(name):…> with weights that differ", instead: "write <lora:name:weight>")
    }
    return LoRA(name: name, scale: scales.first ?? 1)
  }
}

extension String {
  fileprivate var trimmingBlanks: Substring {
    let start = drop { $0 == " " }
    return start.dropLast(start.reversed().prefix { $0 == " " }.count)
  }
}

extension Unicode.Scalar {
  /// Python's `\w`: a letter, anything with a numeric value, or an underscore.
  var isWord: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: self == "_" || properties.numericType != nil
    }
  }
}
