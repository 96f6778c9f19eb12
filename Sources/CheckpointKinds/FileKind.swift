/// What a file of weights holds.
public enum FileKind: Sendable, Equatable {
  /// All four networks of SDXL, as text-to-picture checkpoints have them.
  case sdxl
  /// The same, with a UNet that sees a mask and what is around it.
  case sdxlInpainting

  // SDXL of a kind that makes no pictures here
  case sdxlParts(missing: [SDXLComponent])
  case sdxlInstructPix2Pix
  /// Playground v2.5 and CosXL: trained on noise levels of their own.
  case sdxlEDM
  /// 8-bit weights beside which lie the factors that they were divided by.
  case sdxlScaledFP8
  /// bitsandbytes' packed weights of 4 or 8 bits.
  case sdxlQuantised
  case sdxlRefiner

  // Other architectures
  case stableDiffusion1, stableDiffusion2, stableDiffusion3, stableCascade, flux
  case diffusersUNet

  // What goes with a checkpoint
  case lora, textualInversion, ipAdapter
  /// Under diffusers' names.
  case controlNet
  /// Under the names of its first code.
  case controlNetLDM
  /// One network for several kinds of pictures.
  case controlNetUnion
  /// A ControlNet as changes to the way down and the middle of a UNet.
  case controlLoRA
  case controlLLLite, t2iAdapter
  case vae
  /// A VAE whose latents do not have SDXL's four channels.
  case otherVAE(latentChannels: Int)

  // Networks that others are made of
  case clipText, clipVision, clip, t5

  /// A file without tensors.
  case empty
  case unknown

  /// What it is, with its article.
  public var phrase: String {
    switch self {
    case .sdxl: "an SDXL checkpoint"
    case .sdxlParts: "only a part of an SDXL checkpoint"
    case .sdxlInpainting: "an SDXL inpainting checkpoint"
    case .sdxlInstructPix2Pix: "an SDXL InstructPix2Pix checkpoint"
    case .sdxlEDM: "an SDXL checkpoint trained on EDM's noise levels (as Playground v2.5 and CosXL)"
    case .sdxlScaledFP8: "an SDXL checkpoint of scaled 8-bit weights"
    case .sdxlQuantised: "an SDXL checkpoint of weights packed by bitsandbytes"
    case .sdxlRefiner: "an SDXL refiner"
    case .stableDiffusion1: "a Stable Diffusion 1.x checkpoint"
    case .stableDiffusion2: "a Stable Diffusion 2.x checkpoint"
    case .stableDiffusion3: "a Stable Diffusion 3 checkpoint"
    case .stableCascade: "a Stable Cascade checkpoint"
    case .flux: "a FLUX checkpoint"
    case .diffusersUNet: "a UNet alone, under diffusers' names"
    case .lora: "a LoRA"
    case .textualInversion: "a textual inversion"
    case .controlNet: "a ControlNet"
    case .controlNetLDM: "a ControlNet under other names than diffusers'"
    case .controlNetUnion: "a ControlNet-Union"
    case .controlLoRA: "a Control-LoRA"
    case .controlLLLite: "a ControlNet-LLLite"
    case .t2iAdapter: "a T2I-Adapter"
    case .ipAdapter: "an IP-Adapter"
    case .vae: "a VAE"
    case .otherVAE(let channels): "a VAE of \(channels) latent channels (SDXL's has 4)"
    case .clipText: "a CLIP text encoder"
    case .clipVision: "a CLIP image encoder"
    case .clip: "a CLIP model"
    case .t5: "a T5 text encoder"
    case .empty: "a file without tensors"
    case .unknown: "of an unknown kind"
    }
  }
}

/// A file that is sound but holds something else than was wanted.
public struct ForeignFile: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file's base name.
  public let file: String
  public let kind: FileKind
  /// What was wanted, with its article.
  public let wanted: String

  public init(file: String, kind: FileKind, wanted: String) {
    (self.file, self.kind, self.wanted) = (file, kind, wanted)
  }

  public var description: String {
    switch kind {
    case .sdxlParts(let missing):
      let names = missing.map { "\($0.phrase) (\($0.prefix)*)" }
      return "\(file) is \(kind.phrase): \(names.joined(separator: ", ")) missing"
    case .sdxlInstructPix2Pix, .sdxlEDM, .sdxlScaledFP8, .sdxlQuantised:
      return "\(file) is \(kind.phrase), which is not supported"
    case .unknown: return "\(file) is not \(wanted), nor of another kind that is known here"
    default: return "\(file) is \(kind.phrase), not \(wanted)"
    }
  }
}
