import Foundation
import StableDiffusion
import Testing

/// models/pocket.safetensors: a checkpoint of SDXL's layout that makes pictures in a blink.
enum Pocket {
  static let path = Fixture.path("models/pocket.safetensors")

  /// Read once: parsing the merges takes longer than reading the weights.
  private static let shared = Result { try Vocabulary(path: Fixture.path("models/tokenizer/merges.txt")) }

  static func vocabulary() throws -> Vocabulary { try shared.get() }

  static func load() throws -> StableDiffusionXL {
    try StableDiffusionXL(Checkpoint(path: path), vocabulary: vocabulary(), options: .init())
  }

  /// One of Tests/Fixtures/pocket/requests.json, with a picture and latents that diffusers made.
  struct Request: Decodable, Sendable, CustomTestStringConvertible {
    let id: String, prompt: String
    let negativePrompt: String?
    let width: Int, height: Int, steps: Int
    let cfgScale: Double
    let seed: UInt64
    let scheduler: String

    var testDescription: String { id }

    func start(_ model: StableDiffusionXL) throws -> DenoisingRun {
      let guidance =
        cfgScale > 1
        ? StableDiffusionXL.Guidance(
          scale: cfgScale, negative: try negativePrompt.map { try model.prompt($0) }) : nil
      let image = try model.condition(model.prompt(prompt), guidance: guidance, width: width, height: height)
      let plan = try SamplingPlan(scheduler == "euler" ? .euler : .eulerAncestral, steps: steps)
      return try DenoisingRun(model, image, plan, seed: seed)
    }
  }

  private struct Requests: Decodable { let requests: [Request] }

  /// Empty when the file cannot be read, which a test of its own finds.
  static let requests = (try? Fixture.decode("pocket/requests.json", as: Requests.self))?.requests ?? []
}
