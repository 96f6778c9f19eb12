import Foundation
import Generation
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Engine

/// The LoRAs on the resident model's weights: what is read, and when.
@Suite struct LoRAShelfTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withPocket() }

  private func fixture(_ name: String) -> URL {
    Repository.root.appending(path: "Tests/Fixtures/loras/\(name).safetensors")
  }

  /// A copy in the test's own folder; a newer file each time.
  private func copy(_ name: String, as other: String? = nil) throws -> AdapterFile {
    let data = try Data(contentsOf: fixture(name))
    return AdapterFile(name: other ?? name, path: try folder.write(data, to: "\(other ?? name).safetensors"))
  }

  private func withNetworks<Value>(_ body: (StableDiffusionXL) throws -> Value) throws -> Value {
    Runtime.threads = 1
    return try Runtime.inference {
      let vocabulary = try Vocabulary(path: folder.path("tokenizer/merges.txt"))
      return try body(
        StableDiffusionXL(
          Checkpoint(path: folder.path("pocket.safetensors")), vocabulary: vocabulary, options: .init()))
    }
  }

  /// Counts what costs time: pieces of files read, and weights changed.
  private final class Meter {
    var pauses = 0
    func pause() { pauses += 1 }
  }

  @Test func theSameSetAgainCostsNothing() throws {
    let (peft, loha) = (try copy("peft"), try copy("loha"))
    try withNetworks { networks in
      var shelf = LoRAShelf()
      func cost(_ selections: [LoRASelection]) throws -> (pauses: Int, account: LoRAShelf.Account) {
        let meter = Meter()
        let account = try shelf.apply(selections, to: networks, Loading(pause: meter.pause))
        return (meter.pauses, account)
      }
      // peft: one piece and five weights. loha: one and four, one of them the same.
      let first = try cost([.init(peft, scale: 0.5)])
      #expect(first.pauses == 6)
      #expect(
        first.account.reports == [
          LoRAReport(name: "peft", scale: 0.5, unetLayers: 3, textEncoderLayers: 1, textEncoder2Layers: 1)
        ])
      let again = try cost([.init(peft, scale: 0.5)])
      #expect(again.pauses == 0 && again.account.reports == first.account.reports)
      // Another scale reads no file,
      #expect(try cost([.init(peft, scale: 1)]).pauses == 5)
      // nor does one that was used before the last.
      #expect(try cost([.init(peft, scale: 1), .init(loha, scale: -1)]).pauses == 1 + 7)
      #expect(try cost([]).pauses == 0)
      #expect(try cost([.init(loha)]).pauses == 4)
      let off = try cost([.init(loha, scale: 0)])
      #expect(off.pauses == 0)
      #expect(off.account.reports.map(\.unetLayers) == [0])
    }
  }

  @Test func aChangedFileIsReadAgain() throws {
    let style = try copy("peft", as: "style")
    try withNetworks { networks in
      var shelf = LoRAShelf()
      let selection = [LoRASelection(style)]
      #expect(try shelf.apply(selection, to: networks, Loading()).reports.map(\.unetLayers) == [3])
      _ = try copy("kohya_sgm", as: "style")
      #expect(try shelf.apply(selection, to: networks, Loading()).reports.map(\.unetLayers) == [8])
      try FileManager.default.removeItem(atPath: style.path)
      let error = #expect(throws: GenerationError.self) {
        try shelf.apply(selection, to: networks, Loading())
      }
      #expect(error?.kind == .invalidRequest && error?.field == "loras")
      #expect(error?.message.hasPrefix("style.safetensors") == true)
    }
  }

  @Test func afterAFailureTheNextSetIsWhole() throws {
    struct Enough: Error {}
    let (peft, loha) = (try copy("peft"), try copy("loha"))
    try withNetworks { networks in
      var shelf = LoRAShelf()
      let meter = Meter()
      #expect(throws: Enough.self) {
        let loading = Loading(pause: {
          meter.pause()
          if meter.pauses == 4 { throw Enough() }
        })
        _ = try shelf.apply([.init(peft)], to: networks, loading)
      }
      meter.pauses = 0
      _ = try shelf.apply([.init(peft)], to: networks, Loading(pause: meter.pause))
      #expect(meter.pauses == 5)
      // A set that cannot be read leaves the last one known.
      let gone = LoRASelection(AdapterFile(name: "gone", path: folder.path("gone.safetensors")))
      #expect(throws: GenerationError.self) { try shelf.apply([.init(loha), gone], to: networks, Loading()) }
      meter.pauses = 0
      _ = try shelf.apply([.init(peft)], to: networks, Loading(pause: meter.pause))
      #expect(meter.pauses == 0)
    }
  }

  @Test("Factors beyond the bound go, though the request that read them is refused")
  func whatIsKeptIsBoundedAfterAFailureToo() throws {
    let peft = try copy("peft")
    let gone = LoRASelection(AdapterFile(name: "gone", path: folder.path("gone.safetensors")))
    try withNetworks { networks in
      var shelf = LoRAShelf(keptBytes: 0)
      #expect(throws: GenerationError.self) { try shelf.apply([.init(peft), gone], to: networks, Loading()) }
      // Its file is read anew: a piece before the five weights.
      let meter = Meter()
      _ = try shelf.apply([.init(peft)], to: networks, Loading(pause: meter.pause))
      #expect(meter.pauses == 6)
    }
  }

  @Test("How far the reading of each file is")
  func readingIsTold() throws {
    let (peft, loha) = (try copy("peft"), try copy("loha"))
    try withNetworks { networks in
      var told: [GenerationProgress] = []
      var shelf = LoRAShelf()
      let loading = Loading(report: { told.append($0) })
      _ = try shelf.apply([.init(peft), .init(loha)], to: networks, loading)
      let names = told.map { if case .loading(let name, 1..., 1...) = $0 { name } else { "-" } }
      #expect(names == ["peft", "loha"])
      // What is kept is not read.
      _ = try shelf.apply([.init(loha)], to: networks, loading)
      #expect(told.count == 2)
    }
  }
}
