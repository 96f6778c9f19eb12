import Foundation
import Testing

@testable import StableDiffusion

@Suite struct LayerPatternTests {
  private struct Recorded: Decodable {
    let layers: [String]
    let patterns: [Pattern]

    struct Pattern: Decodable {
      let expression: String, layers: [String]
    }
  }

  /// Tests/Fixtures/loras: what Python's `re` says, in PEFT's get_pattern_key.
  @Test func matchesWhatPEFTMatches() throws {
    let recorded = try Fixture.decode("loras/patterns.json", as: Recorded.self)
    #expect(recorded.patterns.count == 31 && recorded.layers.count == 8)
    for wanted in recorded.patterns {
      let pattern = try #require(LayerPattern(wanted.expression), "\(wanted.expression)")
      #expect(recorded.layers.filter(pattern.matches) == wanted.layers, "\(wanted.expression)")
    }
  }

  @Test(arguments: [
    "(", ")", "a)", "(a", "[", "[a", "[]", "[b-a]", "*", "+a", "?", "a**", "a*+", "a{2}", "(?=a)", "(?P<n>a)",
    "(?i)a", "\\", "\\1", "\\b", "\\S", "((((a))))", String(repeating: "a", count: 129),
  ])
  func isNone(expression: String) { #expect(LayerPattern(expression) == nil) }

  @Test func openOnesAreKnown() throws {
    for (expression, isOpen) in [
      ("to_q", false), ("^a|b$", false), ("a|bc", true), ("a?", true), (".*", true),
    ] {
      #expect(try #require(LayerPattern(expression)).isOpen == isOpen, "\(expression)")
    }
  }

  /// Backtracking would try all of 2^100 ways.
  @Test func noExpressionTakesForEver() throws {
    let name = String(repeating: "a", count: 100)
    for expression in ["((a*)*)*b", "(a|a|aa)*b", "a?a?a?a?a?a?a?a?a?a?.*.*.*.*.*.*b"] {
      #expect(try !#require(LayerPattern(expression)).matches(name))
    }
  }
}
