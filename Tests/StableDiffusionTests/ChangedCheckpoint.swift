import Foundation
import Safetensors
import TestSupport
import Testing

@testable import StableDiffusion

/// A change to the pocket checkpoint, and what must be said of it.
struct Change: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let said: [String]
  let make: @Sendable (inout [String: SafetensorsCopy.Tensor]) throws -> Void

  init(
    _ what: String, said: String...,
    make: @escaping @Sendable (inout [String: SafetensorsCopy.Tensor]) throws -> Void
  ) {
    (testDescription, self.said, self.make) = (what, said, make)
  }

  /// Said under the name the file would have it by.
  static func without(_ key: String) -> Change {
    Change("without \(key)", said: "tensor \(key) is missing") { $0[key] = nil }
  }

  /// Without all that begins so.
  /// - Parameter tensor: which of them is said to be missing.
  static func without(all prefix: String, missing tensor: String) -> Change {
    Change("without all of \(prefix)", said: "tensor \(prefix)\(tensor) is missing") { tensors in
      tensors = tensors.filter { !$0.key.hasPrefix(prefix) }
    }
  }

  static let unet = SingleFileNames.unet
  static let vae = SingleFileNames.vae
  static let text1 = SingleFileNames.textEncoder + "text_model."
  static let text2 = SingleFileNames.textEncoder2
}

/// The pocket checkpoint, to be changed.
enum Changed {
  private static let shared = Result { try SafetensorsCopy(path: Pocket.path) }

  static func pocket() throws -> SafetensorsCopy { try shared.get() }

  static func pocket(_ change: Change) throws -> Data {
    var copy = try pocket()
    try change.make(&copy.tensors)
    return try copy.encoded()
  }

  /// What loading `data` is refused with, `nil` when it loads. It must name the file, and no folder.
  static func refusal(_ data: Data) throws -> String? {
    let folder = try TemporaryFolder()
    let path = try folder.write(data, to: "changed.safetensors")
    do {
      try onTorch {
        _ = try StableDiffusionXL(Checkpoint(path: path), vocabulary: Pocket.vocabulary(), options: .init())
      }
      return nil
    } catch let error as CheckpointError {
      #expect(error.description.hasPrefix("changed.safetensors"))
      #expect(!error.description.contains(folder.url.lastPathComponent))
      #expect(!error.description.contains("/"))
      return error.description
    }
  }
}
