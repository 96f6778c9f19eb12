import Foundation
import TestSupport
import Testing

@testable import Registry

/// The files in the repository's own `models` folder.
@Suite struct ShippedModelsTests {
  let registry = ModelRegistry.load(
    folder: Repository.models.path,
    schedulerProblem: eulers)

  @Test func allLoadInOrder() {
    #expect(registry.problems == [])
    #expect(registry.models.map(\.id) == ["animagine", "pony", "noobai", "sdxl-base", "pocket"])
  }

  @Test(arguments: [
    ("animagine", 5.0, 28, 832, 1216, "euler_a"), ("pony", 7.0, 25, 1024, 1024, "euler_a"),
    ("noobai", 5.5, 28, 832, 1216, "euler_a"), ("sdxl-base", 5.0, 30, 1024, 1024, "euler"),
    ("pocket", 4.5, 20, 256, 256, "euler_a"),
  ])
  func defaults(
    id: String, cfg: Double, steps: Int, width: Int, height: Int, scheduler: String
  ) throws {
    let model = try #require(registry.find(id))
    #expect(
      model.defaults == .init(cfg: cfg, steps: steps, width: width, height: height, scheduler: scheduler))
  }

  @Test func onlyAnimagineHasANegativePrompt() throws {
    let animagine = try #require(registry.find("animagine"))
    #expect(animagine.negativePrompt?.hasPrefix("lowres, bad anatomy, ") == true)
    #expect(animagine.negativePrompt?.hasSuffix(", username, blurry") == true)
    #expect(registry.models.filter { $0.negativePrompt != nil }.map(\.id) == ["animagine"])
  }

  @Test func aliasesAreFound() {
    #expect(registry.find("sd-xl-base-1.0")?.id == "sdxl-base")
  }
}
