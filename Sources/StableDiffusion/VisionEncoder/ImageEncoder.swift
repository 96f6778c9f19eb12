public import Images
import CheckpointKinds
import Foundation
import NN
import Safetensors
import Torch

/// A CLIP image encoder from a folder of its own, for the IP-Adapters that were trained on it.
///
/// Not Sendable: it holds tensors, on the thread that owns them.
public final class ImageEncoder {
  /// The base name of the file of weights.
  public let file: String
  let model: CLIPVisionModel
  private let side: Int
  private let options: StableDiffusionXL.Options

  /// Mean and standard deviation of red, green and blue, of 1.
  /// Source: transformers `image_utils.py`, OPENAI_CLIP_MEAN and OPENAI_CLIP_STD.
  private static let mean = [0.48145466, 0.4578275, 0.40821073]
  private static let deviation = [0.26862954, 0.26130258, 0.27577711]

  /// The numbers from 0 to the number of patches.
  private static let passedOver = "vision_model.embeddings.position_ids"

  /// Reads every weight.
  /// - Parameters:
  ///   - folder: has `config.json` and `model.safetensors`, as transformers saves CLIPVisionModelWithProjection; of
  ///     ViT-H `model.safetensors` will do.
  ///   - progress: called with the bytes just read; what it throws ends the loading.
  /// - Throws: `CheckpointError` for files that are not such an encoder, or a tensor that is missing, misshapen or
  ///   of no use; `TorchError`.
  public init(
    folder: String, options: StableDiffusionXL.Options, progress: @escaping (Int) throws -> Void = { _ in }
  ) throws {
    let source = try CheckpointError.wrapping { try SafetensorsFile(path: Self.weightsPath(folder)) }
    let configuration = try CLIPVisionConfiguration(
      path: Self.configurationPath(folder), weights: source.header)
    (file, side, self.options) = (source.name, configuration.imageSize, options)
    model = try CheckpointError.wrapping(partOf: "a CLIP image encoder") {
      let kind = FileKind(of: source.header)
      // A file that nothing is known of is told by what it lacks.
      guard kind == .clipVision || kind == .unknown else {
        throw ForeignFile(file: source.name, kind: kind, wanted: "a CLIP image encoder")
      }
      let tensors = source.header.tensors.filter { $0.key != Self.passedOver }
      let store = WeightStore(
        source, sources: tensors.mapValues { WeightSource($0) }, device: options.device, progress: progress)
      // It runs once a picture, and every step hangs on it, as on the text encoders.
      let weights = Weights(store, formats: .text(options.dtype, on: options.device))
      let model = try CLIPVisionModel(weights, configuration)
      try store.requireAllTaken()
      return model
    }
  }

  /// The files that an encoder is read from, as they lie in its folder now.
  public static func files(in folder: String) -> [String] {
    let configuration = configurationPath(folder)
    return (FileManager.default.fileExists(atPath: configuration) ? [configuration] : []) + [
      weightsPath(folder)
    ]
  }

  private static func configurationPath(_ folder: String) -> String { "\(folder)/config.json" }
  public static func weightsPath(_ folder: String) -> String { "\(folder)/model.safetensors" }

  /// Reads a picture.
  /// - Parameters: picture as large as the encoder takes, 224 × 224 for ViT-H; pause called between layers: what it
  ///   throws ends the reading.
  /// - Throws: `CheckpointError` for a picture of another size; `TorchError`.
  public func encode(
    _ picture: RGBImage, as form: ImageEmbedding.Form, pause: () throws -> Void = {}
  ) throws -> ImageEmbedding {
    guard (picture.width, picture.height) == (side, side) else {
      throw CheckpointError(
        "\(file) takes pictures of \(side) × \(side) pixels, not \(picture.width) × \(picture.height)")
    }
    return ImageEmbedding(form: form, states: try model(normalised(picture), as: form, pause: pause))
  }

  /// What stands for no picture on the other side of guidance: zeros, or what is read of normalised pixels of zero.
  /// Source: diffusers `pipelines/stable_diffusion_xl/pipeline_stable_diffusion_xl.py`, encode_image.
  public func blank(as form: ImageEmbedding.Form, pause: () throws -> Void = {}) throws -> ImageEmbedding {
    let states =
      switch form {
      case .projected: try Tensor.zeros([1, model.projectedC], model.formats.sums, on: options.device)
      case .hidden:
        try model(Tensor.zeros([1, 3, side, side], on: options.device), as: form, pause: pause)
      }
    return ImageEmbedding(form: form, states: states)
  }

  /// float32 `[1, 3, H, W]`
  private func normalised(_ picture: RGBImage) throws(TorchError) -> Tensor {
    let bytes = try Tensor(picture.pixels, [1, side, side, 3]).to(options.device)
    let levels = try bytes.to(.float32).permute(0, 3, 1, 2) * (1.0 / 255)
    let mean = try Tensor(Self.mean.map(Float.init), [1, 3, 1, 1]).to(options.device)
    let deviation = try Tensor(Self.deviation.map(Float.init), [1, 3, 1, 1]).to(options.device)
    return try (levels - mean) / deviation
  }
}

/// What an image encoder says of a picture.
public struct ImageEmbedding {
  /// What of the encoder's answer it is.
  public enum Form: Sendable, Hashable {
    /// The projected summary: one vector.
    case projected
    /// The states of the last layer but one: a vector for each patch, and one for the whole.
    case hidden
  }

  public let form: Form
  /// `[1, projected]` or `[1, 1 + patches, C]`.
  let states: Tensor
}
