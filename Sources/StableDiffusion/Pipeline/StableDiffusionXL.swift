import CLIPTokenizer
public import Images
import NN
public import Torch

/// A checkpoint's networks, ready to make pictures.
/// Source: diffusers `pipelines/stable_diffusion_xl/pipeline_stable_diffusion_xl.py`.
public final class StableDiffusionXL {
  public let options: Options
  public let prediction: PredictionType
  /// Whether the last timestep carries no signal.
  public let zeroTerminalSNR: Bool
  let tokenizer: CLIPTokenizer
  let networks: Networks
  let schedule: NoiseSchedule

  /// Where and in which number format the networks compute.
  public struct Options: Sendable, Equatable {
    public var device: Device
    public var dtype: DType
    /// float32 or bfloat16: SDXL's VAE overflows in float16.
    public var vaeDtype: DType

    public init(device: Device = .cpu, dtype: DType = .float32, vaeDtype: DType = .float32) {
      (self.device, self.dtype, self.vaeDtype) = (device, dtype, vaeDtype)
    }
  }

  /// How a checkpoint was trained, where it is known from elsewhere than its file. It counts before the file.
  public struct Training: Sendable, Equatable {
    public var prediction: PredictionType?
    public var zeroTerminalSNR: Bool?

    public init(prediction: PredictionType? = nil, zeroTerminalSNR: Bool? = nil) {
      (self.prediction, self.zeroTerminalSNR) = (prediction, zeroTerminalSNR)
    }
  }

  /// Reads every weight.
  /// - Parameters:
  ///   - training: overrides what the file says; without either it is ε, and noise levels as trained.
  ///   - progress: called with the bytes just read; what it throws ends the loading.
  /// - Throws: `CheckpointError` for a tensor that is missing, misshapen or of no use; `TorchError`.
  public init(
    _ checkpoint: Checkpoint, vocabulary: Vocabulary, options: Options, training: Training = .init(),
    progress: @escaping (Int) throws -> Void = { _ in }
  ) throws {
    networks = try CheckpointError.wrapping {
      let store = WeightStore(
        checkpoint.file, sources: checkpoint.sources, fileName: checkpoint.names.key, device: options.device,
        progress: progress)
      return try Networks(store, options)
    }
    tokenizer = vocabulary.tokenizer
    self.options = options
    prediction = training.prediction ?? checkpoint.markedPrediction?.value ?? .epsilon
    zeroTerminalSNR = training.zeroTerminalSNR ?? checkpoint.markedZeroTerminalSNR?.value ?? false
    schedule = NoiseSchedule(zeroTerminalSNR ? .zeroSNR : .asTrained)
  }

  /// Latents to a picture.
  /// - Parameters: latents `[1, 4, H, W]`; pause called now and then: what it throws ends the decoding.
  /// - Throws: `PictureError` when the latents or the picture are not finite, or the picture is flat black.
  public func decode(_ latents: Tensor, pause: () throws -> Void = {}) throws -> RGBImage {
    guard try latents.allFinite() else { throw PictureError.nonfiniteLatents }
    let decoded = try networks.vae.decode(latents, pause: pause)  // [1, 3, 8H, 8W]
    guard try decoded.allFinite() else { throw PictureError.nonfinitePicture }
    let levels = try (decoded * 0.5 + 0.5).clamp(0...1) * 255.0
    let bytes = try levels.round().permute(0, 2, 3, 1).values(UInt8.self)
    guard bytes.contains(where: { $0 != 0 }) else { throw PictureError.flatBlack }
    guard let image = RGBImage(width: decoded.size(3), height: decoded.size(2), pixels: bytes) else {
      throw TorchError(
        kind: .internal, operation: "decode", shapes: [decoded.shape], message: "not a picture")
    }
    return image
  }
}

/// A result that must not be shown.
public enum PictureError: Error, Sendable, Equatable {
  case nonfiniteLatents, nonfinitePicture, flatBlack
}
