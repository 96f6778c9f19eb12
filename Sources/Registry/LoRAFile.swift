/// A LoRA file and what its header says of it. The weights themselves are not read.
public struct LoRAFile: Sendable, Equatable {
  /// What requests call it: the file's name without `.safetensors`.
  public let name: String
  /// The file's name within its folder.
  public let file: String
  public let sizeBytes: Int
  /// What it was trained on, in its trainer's words, for example `sdxl_base_v1-0`.
  public let baseModel: String?
  /// The layout of its weights; `nil` when the file is broken or holds none that is known.
  public let type: LoRAType?
  /// The SHA-256 that its notes say it has, 64 hexadecimal digits; `nil` when they say none.
  ///
  /// Of the tensors alone (kohya's `sshs_model_hash`), else as `modelspec.hash_sha256` of the Stability AI model
  /// metadata standard: a name for the content, which nobody has checked.
  public let hash: String?
  /// The largest rank among its layers.
  public let rank: Int?
  /// What brings it out in a prompt: its trigger phrases, else the tags most used in its training, at most
  /// ten.
  public let triggerWords: [String]
  /// Why the file cannot be used; `nil` when its header is sound and a LoRA's.
  public let error: String?
}
