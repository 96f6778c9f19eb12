import Foundation
import Safetensors
import TestSupport
import Testing

@testable import StableDiffusion

/// Files that end too early, go on too long, or are no checkpoints at all.
@Suite struct DamagedFileTests {
  private static let pocket = Result { try Data(contentsOf: URL(filePath: Pocket.path)) }

  /// Where the data begins.
  private static func headerEnd(_ data: Data) -> Int {
    8 + data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  @Test func cutShortAnywhere() throws {
    let whole = try Self.pocket.get()
    let header = Self.headerEnd(whole)
    let lengths = [
      (0, "too few"), (1, "too few"), (7, "too few"), (8, "cut short"), (9, "cut short"), (1000, "cut short"),
      (header - 1, "cut short"), (header, "cut short"), (header + 1, "cut short"), (20_000_000, "cut short"),
      (whole.count - 1, "cut short"),
    ]
    for (length, words) in lengths {
      let said = try #require(try Changed.refusal(whole.prefix(length)), "\(length)")
      #expect(said.contains(words), "\(length): \(said)")
    }
  }

  @Test func goneOnTooLong() throws {
    for extra in [1, 4096] {
      let said = try #require(try Changed.refusal(Self.pocket.get() + Data(count: extra)))
      #expect(said.contains("its tensors end after"))
    }
  }

  @Test func whatIsBeforeTheHeaderShiftsIt() throws {
    let said = try #require(try Changed.refusal(Data([0]) + Self.pocket.get()))
    #expect(said.hasPrefix("changed.safetensors: "))
  }

  @Test(arguments: [
    ("<!DOCTYPE html><html></html>", "a web page"), ("{\"message\":\"Not Found\"}", "a JSON document"),
    ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer"),
    ("Access to this resource is denied", "a text"), ("PK\u{3}\u{4}\u{14}\0\0\0\0\0archive", "zip archive"),
    ("GGUF\u{3}\0\0\0\u{10}\0\0\0", "GGUF"), (String(repeating: "\0", count: 64), "begins with zeros"),
  ])
  func otherFormats(_ content: String, _ words: String) throws {
    #expect(try #require(try Changed.refusal(Data(content.utf8))).contains(words))
  }
}
