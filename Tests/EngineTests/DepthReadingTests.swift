import Foundation
import Generation
import Images
import TestSupport
import Testing
import Torch

@testable import Engine

/// Depth in place of the pictures of controls.
@Suite struct DepthReadingTests {
  private let fixture = Repository.root.appending(path: "Tests/Fixtures/depth/model").path

  private func picture(_ seed: Int) throws -> RGBImage {
    try #require(RGBImage(width: 40, height: 24, pixels: (0..<40 * 24 * 3).map { UInt8($0 * seed % 251) }))
  }

  private func control(_ picture: RGBImage, depth folder: String?) -> ControlPrompt {
    var control = ControlPrompt(AdapterFile(name: "net", path: "/net"), picture: picture)
    control.depthModel = folder.map { AdapterFile(name: "small", path: $0) }
    return control
  }

  @Test("A job that is not wanted any more ends while the model is read, and while it looks")
  func endsAnywhere() throws {
    struct Enough: Error {}
    try Runtime.inference {
      let asked = [control(try picture(1), depth: fixture)]
      var told: [GenerationProgress] = []
      var pauses = 0
      var reading = DepthReading()
      let counting = Loading(pause: { pauses += 1 }, report: { told.append($0) })
      _ = try reading.prepared(asked, on: .cpu, counting)
      guard case .loading("small", let bytes, let total)? = told.last else {
        Issue.record("nothing was told of the reading")
        return
      }
      #expect(bytes <= total && told.count > 20)
      // Between the parts of the file, and between layers.
      #expect(pauses > told.count + 5)
      for limit in [2, pauses / 2, pauses] {
        var left = limit
        let ending = Loading(pause: {
          left -= 1
          if left == 0 { throw Enough() }
        })
        var reading = DepthReading()
        #expect(throws: Enough.self) { try reading.prepared(asked, on: .cpu, ending) }
      }
    }
  }

  @Test func onlyWhereItIsAskedFor() throws {
    try Runtime.inference {
      var reading = DepthReading()
      let (first, second) = (try picture(1), try picture(3))
      let asked = [
        control(first, depth: nil), control(first, depth: fixture), control(second, depth: fixture),
      ]
      let made = try reading.prepared(asked, on: .cpu, Loading())
      #expect(made[0] == asked[0])
      #expect(made.allSatisfy { $0.depthModel == nil && $0.picture.width == 40 && $0.picture.height == 24 })
      #expect(made[1].picture != first && made[2].picture != made[1].picture)
      #expect(try reading.prepared(asked, on: .cpu, Loading()) == made)
    }
  }

  /// A map that is remembered needs no model; a file that is another one is read.
  @Test func remembersMaps() throws {
    let folder = try TemporaryFolder()
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: "\(fixture)/\(name)", toPath: folder.path(name))
    }
    try Runtime.inference {
      var reading = DepthReading()
      let asked = [control(try picture(1), depth: folder.path)]
      let made = try reading.prepared(asked, on: .cpu, Loading())
      try FileManager.default.removeItem(atPath: folder.path("config.json"))
      #expect(try reading.prepared(asked, on: .cpu, Loading()) == made)
      let other = [control(try picture(2), depth: folder.path)]
      let error = #expect(throws: GenerationError.self) { try reading.prepared(other, on: .cpu, Loading()) }
      #expect(error?.kind == .invalidRequest && error?.field == "control")
      #expect(error?.message.hasPrefix("depth/small: config.json") == true)
      try folder.write("{}", to: "model.safetensors")
      #expect(throws: GenerationError.self) { try reading.prepared(asked, on: .cpu, Loading()) }
    }
  }
}
