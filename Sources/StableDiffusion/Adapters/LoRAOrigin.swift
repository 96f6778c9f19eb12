import Safetensors

/// The architecture that a LoRA was made for, where its tensors tell that it was not SDXL.
/// Source: kohya-ss/sd-scripts and diffusers `loaders/lora_conversion_utils.py` for the names.
enum LoRAOrigin: String {
  case stableDiffusion1 = "Stable Diffusion 1.x"
  case stableDiffusion2 = "Stable Diffusion 2.x"
  case stableDiffusion3 = "Stable Diffusion 3"
  case flux = "FLUX"

  init?(_ header: SafetensorsHeader) {
    let names = header.names
    func any(_ part: String) -> Bool { names.contains { $0.contains(part) } }
    // A matrix that takes the text: down to the rank from the text's width.
    let text = names.first { name in
      name.contains("attn2") && name.contains("to_k")
        && (name.hasSuffix("down.weight") || name.hasSuffix("lora_A.weight"))
    }
    let width = text.flatMap { header.tensors[$0]?.shape }.flatMap { $0.count >= 2 ? $0[1] : nil }
    if any("double_blocks") || any("single_transformer_blocks") || any("single_blocks") {
      self = .flux
    } else if any("joint_blocks") || any("lora_transformer_transformer_blocks") {
      self = .stableDiffusion3
    } else if width == Self.widths.stableDiffusion1 {
      self = .stableDiffusion1
    } else if width == Self.widths.stableDiffusion2 {
      self = .stableDiffusion2
    } else if names.contains(where: { $0.hasPrefix("lora_te_") }) {
      self = .stableDiffusion1
    } else {
      return nil
    }
  }

  /// `cross_attention_dim` of their UNets.
  private static let widths = (stableDiffusion1: 768, stableDiffusion2: 1024)
}
