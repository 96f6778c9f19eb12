/// The networks of SDXL, as a single-file (LDM) checkpoint keeps them.
/// Source: diffusers `loaders/single_file_utils.py`, CHECKPOINT_KEY_NAMES and the `LDM_*_KEY` constants.
public enum SDXLComponent: Sendable, CaseIterable {
  case unet, textEncoder, textEncoder2, vae

  /// What the names of its tensors begin with.
  public var prefix: String {
    switch self {
    case .unet: "model.diffusion_model."
    case .textEncoder: "conditioner.embedders.0.transformer."
    case .textEncoder2: "conditioner.embedders.1.model."
    case .vae: "first_stage_model."
    }
  }

  /// Its name in messages.
  var phrase: String {
    switch self {
    case .unet: "the UNet"
    case .textEncoder: "the first text encoder"
    case .textEncoder2: "the second text encoder"
    case .vae: "the VAE"
    }
  }
}
