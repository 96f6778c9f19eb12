import Generation
import StableDiffusion
import Testing
import Torch

@testable import Engine

@Suite struct ErrorTranslationTests {
  private let cause = TorchError(
    kind: .outOfMemory, operation: "conv2d", shapes: [[1, 512, 64, 64], [512, 512, 3, 3]], message: "secret")

  private func message(_ error: any Error) -> String? {
    let thrown = #expect(throws: GenerationError.self) { try translated { throw error } }
    #expect(thrown?.kind == .outOfMemory)
    return thrown?.message
  }

  @Test("Who runs out of memory is told what was tried")
  func outOfMemory() {
    let words = "Out of memory in conv2d of [[1, 512, 64, 64], [512, 512, 3, 3]]: "
    #expect(message(cause) == words + "there is no way to do it with less")
    #expect(
      message(OutOfMemoryError(attempts: [.whole, .banded], cause: cause))
        == words + "tried whole, and then in bands of rows")
    #expect(
      message(OutOfMemoryError(attempts: [.banded], cause: cause)) == words + "tried in bands of rows")
  }
}
