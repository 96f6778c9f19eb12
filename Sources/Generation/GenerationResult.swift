public import Images

/// A finished picture and the account of how it was made.
public struct GenerationResult: Sendable, Equatable {
  public var image: RGBImage
  public var report: GenerationReport

  public init(image: RGBImage, report: GenerationReport) {
    (self.image, self.report) = (image, report)
  }
}

/// What was really used, and how long it took.
public struct GenerationReport: Codable, Sendable, Equatable {
  /// The checkpoint as it was when its weights were read; `nil` when it could not be told.
  public var modelFile: FileVersion?
  public var prediction: Prediction
  /// `registry`, `v_pred key`, `modelspec.prediction_type` or `default`.
  public var predictionSource: String
  /// Whether the schedule used ends without signal.
  public var zeroTerminalSNR: Bool
  /// `registry`, `ztsnr key` or `default`; `sampler` when only the sampler keeps it from being so.
  public var zeroTerminalSNRSource = "default"
  /// The UNet's number format: `float32`, `bfloat16` or `float16`.
  public var dtype: String
  public var vaeDtype: String
  /// `cpu` or `cuda:0`, …
  public var device: String
  /// Tokens of each prompt, without the start and end tokens.
  public var promptTokens: Int
  public var negativePromptTokens: Int
  /// Windows of 77 that each prompt took; 0 for a negative prompt that is not used.
  public var promptWindows = 1
  public var negativePromptWindows = 0
  /// Whether the first decoding had no picture in it, and this one, in float32, has.
  public var vaeRetried = false
  /// Whether the picture was decoded in bands of rows.
  public var vaeTiled = false
  public var timings: Timings
  public var libtorch: String
  public var steering = SteeringReport()

  public init(
    prediction: Prediction, predictionSource: String, zeroTerminalSNR: Bool, dtype: String, vaeDtype: String,
    device: String, promptTokens: Int, negativePromptTokens: Int, timings: Timings, libtorch: String
  ) {
    (self.prediction, self.predictionSource) = (prediction, predictionSource)
    self.zeroTerminalSNR = zeroTerminalSNR
    (self.dtype, self.vaeDtype, self.device) = (dtype, vaeDtype, device)
    (self.promptTokens, self.negativePromptTokens) = (promptTokens, negativePromptTokens)
    (self.timings, self.libtorch) = (timings, libtorch)
  }
}

/// Milliseconds spent in the engine, by stage.
public struct Timings: Codable, Sendable, Equatable {
  /// Dropping the model that was resident.
  public var swap = 0.0
  /// Reading the checkpoint.
  public var load = 0.0
  /// Both text encoders, for each pass.
  public var text = 0.0
  /// All steps, and what they start from.
  public var denoise = 0.0
  /// Latents to pixels.
  public var decode = 0.0

  public init() {}
}

/// What tells one version of a file from the next, as `stat` gives it.
public struct FileVersion: Codable, Sendable, Hashable {
  public var device: UInt64
  public var inode: UInt64
  /// Bytes.
  public var size: Int64
  /// Nanoseconds since 1970.
  public var modified: Int64

  public init(device: UInt64, inode: UInt64, size: Int64, modified: Int64) {
    (self.device, self.inode, self.size, self.modified) = (device, inode, size, modified)
  }
}
