/// Under which of two names a LoRA has the UNet's blocks: the single file's or diffusers'.
/// Source: diffusers `loaders/lora_conversion_utils.py`, `_maybe_map_sgm_blocks_to_diffusers`.
struct LoRABlockNames {
  private let areBoth: Bool

  private static let singleFile = ["input_blocks", "middle_block", "output_blocks"].map { "lora_unet_\($0)_" }
  private static let diffusers = ["down_blocks", "mid_block", "up_blocks"].map { "lora_unet_\($0)_" }

  /// - Parameter keys: all of a file's.
  init(_ keys: [String]) {
    areBoth = [Self.singleFile, Self.diffusers].allSatisfy { prefixes in
      keys.contains { key in prefixes.contains(where: key.hasPrefix) }
    }
  }

  /// Where a file has both, the single file's names do not count: some say again what the others do.
  func reasonToPassOver(_ key: String) -> String? {
    guard areBoth, Self.singleFile.contains(where: key.hasPrefix) else { return nil }
    return "the UNet's blocks are there under diffusers' names too, and these count"
  }
}
