import Generation
import Images

/// The fields of `POST /generate` that steer the picture with more than words.
extension FieldTable {
  /// References in all.
  static let mostReferences = 4

  static let references: [Field] = [
    Field(
      name: "reference_image", kind: .picture, fallback: "null",
      summary: "A picture whose look is taken over, in base64."),
    Field(
      name: "reference_images", kind: .list(of: .objectOr(reference, .picture), upTo: mostReferences),
      fallback: "null", summary: "Several of them, each a picture or an object; reference_image is the first."
    ),
    mime("reference_image_mime"), mime("reference_mime_type"), mime("mime_type"),
    Field(
      name: "ip_adapter_scale", kind: .number(0...2), fallback: "0.7",
      summary: "The weight of all references.", support: .modifier),
    Field(
      name: "ip_adapter", kind: .text(names), fallback: "the one in models/ip-adapter that serves best",
      summary: "The file that reads the references, without its ending."),
    share("ip_adapter_start", fallback: "0", "The share of the steps from which references count."),
    share("ip_adapter_end", fallback: "1", "The share of the steps up to which they do."),
    Field(
      name: "ip_adapter_blocks", kind: .choice(ReferencePrompt.Blocks.allCases.map(\.rawValue)),
      fallback: "all", summary: "Which attentions look at references.", support: .modifier),
    Field(
      name: "reference_combination", kind: .choice(ReferencePrompt.Combination.allCases.map(\.rawValue)),
      fallback: "concatenate", summary: "Several beside each other, or their mean.", support: .modifier),
  ]

  private static let reference = FieldTable(fields: [
    Field(
      name: "image", kind: .picture, isRequired: true, fallback: "required", summary: "The picture."),
    Field(
      name: "weight", kind: .number(0...4), fallback: "1",
      summary: "How much it counts beside the others: 2 is as though it were given twice."),
    Field(
      name: "mask", kind: .picture, fallback: "null",
      summary: "Where in the result it counts: white."),
    Field(
      name: "face_embedding", kind: .list(of: .number(-1000...1000), upTo: 2048), fallback: "null",
      summary: "What a face detector says of the face in it, 512 numbers: for a FaceID-plus-v2 adapter."),
  ])

  private static func mime(_ name: String) -> Field {
    Field(
      name: name, kind: .text(names), fallback: "null", summary: "The type of reference_image.",
      support: .modifier, rule: .mediaType(of: "reference_image"))
  }

  private static func share(_ name: String, fallback: String, _ summary: String) -> Field {
    Field(name: name, kind: .number(0...1), fallback: fallback, summary: summary, support: .modifier)
  }

  /// LoRAs in all.
  static let mostLoRAs = 8

  static let loras: [Field] = [
    Field(
      name: "lora_name", kind: .text(names), fallback: "null",
      summary: "One LoRA: a name in models/loras. Applied before those of loras."),
    Field(
      name: "lora_scale", kind: .number(-4...4), fallback: "1.0", summary: "The weight of lora_name.",
      support: .modifier),
    Field(
      name: "loras", kind: .list(of: .object(lora), upTo: mostLoRAs), fallback: "null",
      summary: "Several LoRAs, applied in this order; <lora:name:scale> in a prompt is one too."),
  ]

  private static let lora = FieldTable(fields: [
    Field(
      name: "name", kind: .text(names), isRequired: true, fallback: "required",
      summary: "A name in models/loras."),
    Field(name: "scale", kind: .number(-4...4), fallback: "1.0", summary: "Its weight."),
  ])

  static let repainting: [Field] = [
    Field(
      name: "image", kind: .picture, fallback: "null", summary: "A picture to start from, in base64."),
    Field(
      name: "strength", kind: .number(0...1), fallback: "0.75",
      summary: "How much of image is repainted: of n steps, n · strength are made.", support: .modifier),
    Field(
      name: "resize_mode", kind: .choice(ResizeMode.allCases.map(\.rawValue)), fallback: "stretch",
      summary: "How image, mask and the pictures of control are brought to the size.", support: .modifier),
    Field(
      name: "mask", kind: .picture, fallback: "null",
      summary: "Where to repaint image: white. A checkpoint of any kind will do."),
    Field(
      name: "mask_mode", kind: .choice(RepaintMask.Kind.allCases.map(\.rawValue)), fallback: "binary",
      summary: "Whether grey counts as black or white, or says how much is repainted.", support: .modifier),
    Field(
      name: "mask_blur", kind: .integer(0...64), fallback: "4",
      summary: "Pixels over which composite feathers the mask's edge.", support: .modifier),
    Field(
      name: "composite", kind: .boolean, fallback: "true",
      summary: "Whether pixels outside the mask are the original's.", support: .modifier),
    Field(
      name: "inpaint_masked_only", kind: .boolean, fallback: "false",
      summary: "Whether the masked area alone is made, at the whole size, and pasted back.",
      support: .modifier),
    Field(
      name: "inpaint_padding", kind: .integer(0...256), fallback: "32",
      summary: "Pixels of image around the masked area that inpaint_masked_only takes along.",
      support: .modifier),
  ]

  static let control: [Field] = [
    Field(
      name: "control", kind: .objectOr(oneControl, .list(of: .object(oneControl), upTo: 4)),
      fallback: "null", summary: "ControlNets: an object, or several in an array.")
  ]

  /// The sides of a picture's Sobel gradients sum to no more.
  private static let thresholds = 0...2040

  private static let oneControl = FieldTable(fields: [
    Field(
      name: "model", kind: .text(names), fallback: "the one that fits",
      summary: "A name in models/controlnet: a file's without its ending, or a folder's."),
    Field(
      name: "type", kind: .choice(ControlOrder.Kind.allCases.map(\.rawValue)), fallback: "raw",
      summary: "What is made of the picture: its edges, its depth, or nothing, where it is a ready map."),
    Field(
      name: "image", kind: .picture, isRequired: true, fallback: "required", summary: "The picture."),
    Field(name: "scale", kind: .number(0...2), fallback: "1.0", summary: "The network's weight."),
    Field(
      name: "start", kind: .number(0...1), fallback: "0",
      summary: "The share of the steps from which it counts; below end."),
    Field(
      name: "end", kind: .number(0...1), fallback: "1", summary: "The share of the steps up to which it does."
    ),
    Field(
      name: "low_threshold", kind: .integer(thresholds), fallback: "100",
      summary: "Of canny: a gradient that goes on an edge; not above high_threshold."),
    Field(
      name: "high_threshold", kind: .integer(thresholds), fallback: "200",
      summary: "Of canny: a gradient that begins one."),
  ])

  static let aids: [Field] = [
    Field(
      name: "pag_scale", kind: .number(0...30), fallback: "0",
      summary: "Perturbed-attention guidance; 0 is none."),
    Field(
      name: "pag_adaptive_scale", kind: .number(0...1), fallback: "0",
      summary: "How fast pag_scale falls during the run.", support: .modifier),
    Field(
      name: "freeu", kind: .object(freeU), fallback: "null",
      summary: "FreeU's weights of skips (s1, s2) and of what comes from below (b1, b2)."),
    Field(
      name: "hires", kind: .object(hires), fallback: "null",
      summary: "A second pass at a larger size: give scale, or width and height."),
  ]

  private static let freeU = FieldTable(
    fields: ["s1", "s2", "b1", "b2"].map { name in
      Field(
        name: name, kind: .number(0...4), isRequired: true, fallback: "required",
        summary: name.hasPrefix("s") ? "The skips' weight." : "The backbone's weight.")
    })

  static let largeSides = 64...4096

  private static let hires = FieldTable(fields: [
    Field(name: "scale", kind: .number(1...4), fallback: "null", summary: "Of both sides."),
    Field(
      name: "width", kind: .integer(largeSides), fallback: "null", summary: "Pixels.",
      rule: .multiple(of: 8)),
    Field(
      name: "height", kind: .integer(largeSides), fallback: "null", summary: "Pixels.",
      rule: .multiple(of: 8)),
    Field(name: "steps", kind: .integer(1...150), fallback: "the first pass's", summary: "Of the whole run."),
    Field(
      name: "strength", kind: .number(0...1), fallback: "0.5", summary: "How much of them is made."),
    Field(
      name: "upscaler", kind: .choice(SecondPass.Upscaler.allCases.map(\.rawValue)), fallback: "latent",
      summary: "What is enlarged: the latents, or the picture."),
  ])
}
