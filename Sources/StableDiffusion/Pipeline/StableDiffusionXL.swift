import CLIPTokenizer
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
  /// What was read: its VAE may be wanted again in another format.
  let checkpoint: Checkpoint

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
    (self.options, self.checkpoint) = (options, checkpoint)
    prediction = training.prediction ?? checkpoint.markedPrediction?.value ?? .epsilon
    zeroTerminalSNR = training.zeroTerminalSNR ?? checkpoint.markedZeroTerminalSNR?.value ?? false
  }

  /// The first tensor of the checkpoint that has numbers which are not finite; `nil` where all are. Looks at every weight.
  public func damage() throws(TorchError) -> CheckpointError? { try networks.parameters.damage() }
}
