import CLIPTokenizer
import Foundation
import Testing

@testable import StableDiffusion

/// The windows of each style against scripts/fixtures/prompts.py.
@Suite struct PromptWindowTests {
  @Test func everyTextOfTheTable() throws {
    let tokenizer = try Pocket.vocabulary().tokenizer
    let rows = try Fixture.decode("prompts/windows.json", as: [Row].self)
    #expect(rows.count > 350)
    for row in rows {
      let label = Comment(rawValue: String(row.text.prefix(60)).debugDescription)
      let a1111 = try? A1111Syntax(row.text).windows(TokenReader(tokenizer))
      #expect(row.a1111?.describes(a1111) ?? (a1111 == nil), "a1111: \(label)")
      let comfy = try? ComfySyntax(row.text).windows(TokenReader(tokenizer))
      #expect(row.comfy?.describes(comfy) ?? (comfy == nil), "comfy: \(label)")
    }
  }

  @Test func theStyleWithoutSyntax() throws {
    let model = try Pocket.load()
    let rows = try Fixture.decode("prompts/windows.json", as: [Row].self).filter { $0.diffusers != nil }
    #expect(rows.count > 60)
    for row in rows {
      let prompt = try model.prompt(row.text, style: .diffusers)
      let matches = zip(row.diffusers ?? [], [prompt.first, prompt.second]).map { $0.describes($1) }
      #expect(matches == [true, true], "\(row.text.prefix(60).debugDescription)")
    }
    let marks = try model.prompt(String(repeating: "!", count: 100), style: .diffusers)
    #expect(marks.first.count == 1 && marks.second.count == 2)
    #expect(marks.windows == 2 && marks.count == marks.first[0].tokens.count)
  }

  @Test func countsOfThePrompt() throws {
    let model = try Pocket.load()
    for style in [StableDiffusionXL.Prompt.Style.a1111, .comfy, .diffusers] {
      let (empty, long) = (try model.prompt("", style: style), try model.prompt(cats(200), style: style))
      #expect((empty.count, empty.windows) == (0, 1))
      #expect((long.count, long.windows) == (200, 3))
    }
    let broken = try model.prompt("a BREAK BREAK b")
    #expect((broken.count, broken.windows) == (2, 3))
  }

  private func cats(_ count: Int) -> String { Array(repeating: "cat", count: count).joined(separator: " ") }

  @Test(arguments: ["(a:1.2.3)", "(a:.)", "(a:" + String(repeating: "9", count: 400) + ")"])
  func a1111RefusesWhatIsNoNumber(text: String) throws {
    let error = #expect(throws: PromptError.self) { try A1111Syntax(text) }
    #expect(error?.subject == .prompt)
  }

  @Test(arguments: ["(a:inf)", "(a: -Infinity )", "(a:nan)", "(a:1e39)", "(x (a:1e999) y:2)"])
  func comfyRefusesWhatIsNotFinite(text: String) throws {
    #expect(throws: PromptError.self) { try ComfySyntax(text) }
  }

  /// The longest prompts there can be; the bound is wide for a busy machine and a debug build.
  @Test(arguments: [
    "(", ")", "[", "]", "\\", ":", "(a", "[a", "a)", "a]", "(:", "(a:", "([", "(]", ")(", "(a:1", ":1)",
    "(:1.1)",
    "BREAK ", "B", " ", "(1:1", "(a)", "a, ", "!", "<|endoftext|>",
  ])
  func hostileTextsTakeNoLonger(unit: String) throws {
    let tokenizer = try Pocket.vocabulary().tokenizer
    let count = 10_000 / unit.utf8.count
    let clock = ContinuousClock()
    let half = String(repeating: unit, count: count / 2) + String(repeating: ")", count: 5000)
    let time = clock.measure {
      for text in [String(repeating: unit, count: count), half] {
        _ = try? A1111Syntax(text).windows(TokenReader(tokenizer))
        _ = try? ComfySyntax(text).windows(TokenReader(tokenizer))
      }
    }
    #expect(time < .seconds(20), "\(time)")
  }
}

/// A row of windows.json.
private struct Row: Decodable {
  let text: String
  /// `nil` where the text is refused.
  let a1111: Windows?, comfy: Windows?
  /// Of both encoders.
  let diffusers: [Windows]?

  private enum CodingKeys: String, CodingKey { case text, unit, count, a1111, comfy, diffusers }

  init(from decoder: any Swift.Decoder) throws {
    let row = try decoder.container(keyedBy: CodingKeys.self)
    if let text = try row.decodeIfPresent(String.self, forKey: .text) {
      self.text = text
    } else {
      text = String(
        repeating: try row.decode(String.self, forKey: .unit), count: try row.decode(Int.self, forKey: .count)
      )
    }
    a1111 = try row.decodeIfPresent(Windows.self, forKey: .a1111)
    comfy = row.contains(.comfy) ? try row.decodeIfPresent(Windows.self, forKey: .comfy) : a1111
    diffusers = try row.decodeIfPresent([Windows].self, forKey: .diffusers)
  }
}

/// Windows, or how many there are and their digest.
private struct Windows: Decodable {
  struct Window: Decodable {
    let ids: [Int32]
    /// First place, count, weight.
    let weights: [[Double]]?
  }

  let windows: [Window]?
  let count: Int?, digest: String?

  func describes(_ actual: [PromptWindow]?) -> Bool {
    guard let actual else { return false }
    if let windows { return windows.map(\.window) == actual }
    var value: UInt64 = 0
    let end = WeightedToken(id: -1, weight: 1)
    for token in actual.flatMap({ $0.tokens + [end] }) {
      value = value &* 1_000_003 &+ UInt64(bitPattern: Int64(token.id)) &+ token.weight.bitPattern
    }
    return count == actual.count && digest == String(value)
  }
}

extension Windows.Window {
  fileprivate var window: PromptWindow {
    var tokens = ids.map { WeightedToken(id: $0, weight: 1) }
    for run in weights ?? [] {
      for place in Int(run[0])..<Int(run[0] + run[1]) {
        tokens[place] = WeightedToken(id: ids[place], weight: run[2])
      }
    }
    return PromptWindow(tokens: tokens)
  }
}

@Suite struct PythonFloatTests {
  @Test(
    arguments: [
      ("1.", 1), (".5", 0.5), ("+1.2", 1.2), ("-0", 0), (" 1.2 ", 1.2), ("1e1", 10), ("1E-2", 0.01),
      ("1_000.5", 1000.5),
      ("1.e2", 100), ("１.５", 1.5), ("\u{3000}2\u{85}\n", 2), ("inf", .infinity), ("-Infinity", -.infinity),
      ("1e400", .infinity), ("1e-400", 0), ("00012", 12), ("1e0_1", 10),
    ] as [(String, Double)])
  func numbers(text: String, value: Double) {
    #expect(PythonFloat.parse(text.unicodeScalars) == value)
  }

  @Test(arguments: [
    "", " ", ".", "+", "e1", "1e", "1e+", "1 2", "1__0", "_1", "1_", "1_.5", "1._5", "0x10", "1.2.3", "--1",
    "²", "½", "in_f",
    "infinit", "1,5", "1\0", "1\u{1F}",
  ])
  func others(text: String) {
    #expect(PythonFloat.parse(text.unicodeScalars) == nil)
  }

  @Test func notANumber() { #expect(PythonFloat.parse("-NaN".unicodeScalars)?.isNaN == true) }
}
