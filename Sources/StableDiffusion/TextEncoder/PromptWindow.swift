import CLIPTokenizer

/// A token and how much it counts: 1 is as it stands.
struct WeightedToken: Sendable, Equatable {
  /// From `TokenReader.firstVector` on a vector of the prompt's textual inversions.
  let id: Int32
  let weight: Double
}

/// What a text encoder reads at once: up to 75 tokens between a start and an end token.
struct PromptWindow: Sendable, Equatable {
  /// Tokens that fit beside start and end.
  static let capacity = CLIPTokenizer.windowLength - 2

  var tokens: [WeightedToken] = []

  /// Tokens that still fit.
  var room: Int { Self.capacity - tokens.count }

  var isWeighted: Bool { tokens.contains { $0.weight != 1 } }

  /// The weight of each of the 77 positions: start, end and padding count as they stand.
  var weights: [Float] {
    var weights = [Float](repeating: 1, count: CLIPTokenizer.windowLength)
    for (index, token) in tokens.enumerated() { weights[1 + index] = Float(token.weight) }
    return weights
  }
}

/// A text, or a combination of settings, that cannot be encoded as asked.
public struct PromptError: Error, Sendable, Equatable {
  /// What is at fault.
  public enum Subject: Sendable, Equatable { case prompt, negativePrompt, clipSkip }

  public var subject: Subject
  /// Why, and what to do instead.
  public let message: String

  init(_ subject: Subject = .prompt, _ message: String) { (self.subject, self.message) = (subject, message) }

  /// - Throws: for a weight that no computation survives.
  static func check(weight: Double) throws(PromptError) {
    guard Float(weight).isFinite else {
      throw PromptError("a weight that is infinite, not a number or beyond 3e38 cannot be used")
    }
  }
}

extension PromptError {
  init(_ message: String) { self.init(.prompt, message) }
}
