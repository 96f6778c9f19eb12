import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Files that are no ControlNet of the model: each is refused, by name.
@Suite struct ControlNetFileTests {
  private let weights = ControlNetTests.path + "/diffusion_pytorch_model.safetensors"

  private func refusal(_ change: (inout SafetensorsCopy) -> Void) throws -> String {
    var copy = try SafetensorsCopy(path: weights)
    change(&copy)
    let path = try TemporaryFolder().write(copy.encoded(), to: "own.safetensors")
    let error = #expect(throws: CheckpointError.self) {
      try onTorch { _ = try ControlNet(path: path, for: Pocket.load()) }
    }
    return error?.description ?? ""
  }

  @Test func aFileAloneIsEnough() throws {
    try onTorch {
      let network = try ControlNet(path: weights, for: Pocket.load())
      #expect(network.file == "diffusion_pytorch_model.safetensors")
    }
  }
}
