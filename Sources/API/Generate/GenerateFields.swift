import Generation

extension FieldTable {
  /// Characters of the name of a model or file.
  private static let names = 0...200
  private static let prompts = 0...10_000
  private static let sides = 64...2048

  /// The body of `POST /generate`.
  static let generate = FieldTable(fields: plain + references + adapters + repainting + fineControl + jobs)

  private static let plain: [Field] = [
    Field(
      name: "prompt", kind: .text(prompts), isRequired: true, fallback: "required",
      summary: "What the picture should show.", rule: .promptSyntax),
    Field(
      name: "negative_prompt", kind: .text(prompts),
      fallback: "the model's own; zeros where it has none",
      summary: "What it should not show. The empty text is encoded like any other.", rule: .promptSyntax),
    Field(
      name: "model", kind: .text(names), fallback: "the loaded one, else the first available",
      summary: "A model's id or alias, as GET /models lists them."),
    Field(
      name: "width", kind: .integer(sides), fallback: "the model's", summary: "Pixels.",
      rule: .multiple(of: 8)),
    Field(
      name: "height", kind: .integer(sides), fallback: "the model's", summary: "Pixels.",
      rule: .multiple(of: 8)),
    Field(
      name: "steps", kind: .integer(1...150), fallback: "the model's", summary: "Denoising steps."),
    Field(
      name: "cfg_scale", kind: .number(0...30), fallback: "the model's",
      summary: "Guidance; at 1 and below the negative prompt is not used."),
    Field(
      name: "seed", kind: .integer(-1...Int.max), fallback: "drawn below 2^32",
      summary: "The noise uses its low 32 bits. −1 draws one."),
    Field(
      name: "scheduler", kind: .text(names), fallback: "the model's, else euler_a",
      summary: "The sampler and its schedule, by id, diffusers' class or another tool's name.",
      rule: .scheduler),
  ]

  private static let references: [Field] = [
    Field(
      name: "reference_image", kind: .picture, fallback: "null",
      summary: "A picture whose look is taken over, in base64.", support: .unsupported(except: [])),
    Field(
      name: "reference_images", kind: .pictures(4), fallback: "null",
      summary: "Several of them, with weights.", support: .unsupported(except: [])),
    mime("reference_image_mime"), mime("reference_mime_type"), mime("mime_type"),
    Field(
      name: "ip_adapter_scale", kind: .number(0...2), fallback: "0.7",
      summary: "The weight of the reference.", support: .modifier),
    Field(
      name: "ip_adapter", kind: .text(names), fallback: "the first one present",
      summary: "The file that reads the reference.", support: .unsupported(except: [])),
  ]

  private static func mime(_ name: String) -> Field {
    Field(
      name: name, kind: .text(names), fallback: "null", summary: "The type of reference_image.",
      support: .modifier, rule: .mediaType(of: "reference_image"))
  }

  private static let adapters: [Field] = [
    Field(
      name: "lora_name", kind: .text(names), fallback: "null", summary: "One LoRA.",
      support: .unsupported(except: [])),
    Field(
      name: "lora_scale", kind: .number(-4...4), fallback: "1.0", summary: "The weight of lora_name.",
      support: .modifier),
    Field(
      name: "loras", kind: .list(8), fallback: "null", summary: "Several LoRAs: [{name, scale}].",
      support: .unsupported(except: [])),
  ]

  private static let repainting: [Field] = [
    Field(
      name: "image", kind: .picture, fallback: "null", summary: "A picture to start from, in base64.",
      support: .unsupported(except: [])),
    Field(
      name: "strength", kind: .number(0...1), fallback: "0.75", summary: "How much of image is repainted.",
      support: .modifier),
    Field(
      name: "mask", kind: .picture, fallback: "null", summary: "Where to repaint: white.",
      support: .unsupported(except: [])),
    Field(
      name: "composite", kind: .boolean, fallback: "true",
      summary: "Whether pixels outside the mask are the original's.", support: .modifier),
    Field(
      name: "control", kind: .structure, fallback: "null", summary: "ControlNet: one object or several.",
      support: .unsupported(except: [])),
  ]

  private static let fineControl: [Field] = [
    Field(
      name: "clip_skip", kind: .integer(1...12), fallback: "the model's, else 2",
      summary: "The text encoders' layer, counted from the last."),
    Field(
      name: "cfg_rescale", kind: .number(0...1), fallback: "the model's, else 0",
      summary: "How much of the guided contrast is taken back."),
    Field(
      name: "cfg_start", kind: .number(0...1), fallback: "0",
      summary: "The share of the steps after which guidance begins."),
    Field(
      name: "cfg_end", kind: .number(0...1), fallback: "1",
      summary: "The share of the steps after which it ends; not below cfg_start."),
    Field(
      name: "eta", kind: .number(0...1), fallback: "0",
      summary: "How much of each jump the sampler tcd draws anew; its authors use 0.3."),
    Field(
      name: "prompt_style", kind: .choice(PromptStyle.allCases.map(\.rawValue)), fallback: "a1111",
      summary: "How weights and long prompts are read."),
    Field(
      name: "timestep_spacing", kind: .choice(TimestepSpacing.allCases.map(\.rawValue)),
      fallback: "the model's, else leading", summary: "Where the steps lie."),
    Field(
      name: "vae", kind: .text(names), fallback: "the model's, else the checkpoint's own",
      summary: "Another decoder: a name in models/vae."),
    Field(
      name: "n", kind: .integer(1...10), fallback: "1", summary: "Pictures to make.",
      support: .unsupported(except: [.integer(1)])),
    Field(
      name: "output_format", kind: .choice(["png", "jpeg", "webp"]), fallback: "png",
      summary: "The picture's file format.", support: .unsupported(except: [.text("png")])),
  ]
}
