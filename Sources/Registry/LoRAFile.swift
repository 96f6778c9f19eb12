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
  /// The largest rank among its layers; `nil` when none of them is made of narrow factors.
  public let rank: Int?
  /// What brings it out in a prompt: its trigger phrases, else the tags most used in its training, at most
  /// ten.
  public let triggerWords: [String]
  /// Why the file cannot be used; `nil` when its header is sound and a LoRA's.
  public let error: String?
}
