import CheckpointKinds
import NN
import Safetensors
import Torch

/// Vectors that the text encoders read where a name stands in a prompt, as they read those of tokens.
///
/// Source: Gal et al. 2022, "An Image is Worth One Word"; for SDXL as kohya-ss/sd-scripts, OneTrainer and diffusers'
/// trainers write them and AUTOMATIC1111 and ComfyUI read them: a tensor for each encoder, `[n, C]`, or `[C]` for one
/// vector.
public struct TextualInversion: Sendable, Equatable {
  /// What stands for it in prompts.
  public let name: String
  /// Vectors for each encoder, 1 to 75: each takes a token's place.
  public let count: Int
  /// Of each encoder, row after row: `[count, C]`.
  let first: [Float], second: [Float]

  /// Reads every vector.
  /// - Parameters: name what stands for it in prompts; model whose encoders it is for.
  /// - Throws: `CheckpointError` naming file and tensor, for a file that is no textual inversion, not SDXL's, or not
  ///   as wide as the model's encoders; `TorchError`.
  public init(name: String, path: String, for model: StableDiffusionXL) throws {
    let networks = model.networks
    let (first, second) = try CheckpointError.wrapping {
      let file = try InversionFile(path: path)
      let first = try file.vectors(file.names.first, width: networks.textEncoder.width)
      return (
        first,
        try file.vectors(file.names.second, width: networks.textEncoder2.width, count: first.size(0))
      )
    }
    self.init(name: name, count: first.size(0), first: try first.values(), second: try second.values())
  }

  init(name: String, count: Int, first: [Float], second: [Float]) {
    (self.name, self.count, self.first, self.second) = (name, count, first, second)
  }
}

/// A file that holds vectors for both encoders and nothing else.
private struct InversionFile {
  let file: SafetensorsFile
  /// Its tensors.
  let names: (first: String, second: String)

  /// Most tools' names, and those of cog-sdxl and of diffusers' first trainers with LoRA.
  private static let layouts = [
    (first: "clip_l", second: "clip_g"), (first: "text_encoders_0", second: "text_encoders_1"),
  ]

  init(path: String) throws {
    file = try SafetensorsFile(path: path)
    let tensors = file.header.tensors
    guard FileKind(of: file.header) == .textualInversion, let some = file.header.names.first else {
      let foreign = ForeignFile(file: file.name, kind: FileKind(of: file.header), wanted: Self.wanted)
      throw CheckpointError(foreign.description + (file.header.names.first.map { " (tensor \($0))" } ?? ""))
    }
    guard let names = Self.layouts.first(where: { tensors[$0.first] != nil || tensors[$0.second] != nil })
    else {
      throw CheckpointError(
        "\(file.name): tensor \(some) is for one text encoder, as in Stable Diffusion 1.x and 2.x; SDXL's two read "
          + "clip_l and clip_g")
    }
    if let other = file.header.names.first(where: { $0 != names.first && $0 != names.second }) {
      throw CheckpointError("\(file.name): tensor \(other) is not part of \(Self.wanted)")
    }
    self.names = names
  }

  private static let wanted = "a textual inversion for SDXL"

  /// - Parameter count: how many there must be; `nil` takes as many as there are.
  /// - Returns: float32, `[n, width]`.
  func vectors(_ name: String, width: Int, count: Int? = nil) throws -> Tensor {
    guard let shape = file.header.tensors[name]?.shape else {
      throw WeightError(file: file.name, tensor: name, problem: .missing)
    }
    let weights = Weights(WeightStore(file))
    let count = count ?? max(1, shape.count == 2 ? shape[0] : 1)
    guard count <= PromptWindow.capacity else {
      throw weights.unsuitable(
        name, "\(count) vectors are more than the \(PromptWindow.capacity) of a window")
    }
    let isFlat = shape.count == 1 && count == 1
    let vectors = try weights.tensor(name, isFlat ? [width] : [count, width])
    guard try vectors.allFinite() else { throw weights.unsuitable(name, "not all of its numbers are finite") }
    return try vectors.reshape(count, width)
  }
}
