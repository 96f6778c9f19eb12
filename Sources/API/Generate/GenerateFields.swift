import Generation

extension FieldTable {
  /// Characters of the name of a model or file.
  static let names = 0...200
  private static let prompts = 0...10_000
  static let sides = 64...2048

  /// The body of `POST /generate`.
  static let generate = FieldTable(
    fields: plain + references + loras + repainting + control + fineControl + aids + jobs)

  private static let plain: [Field] = [
    Field(
      name: "prompt", kind: .text(prompts), isRequired: true, fallback: "required",
      summary: "What the picture should show.", rule: .promptSyntax(.positive)),
    Field(
      name: "negative_prompt", kind: .text(prompts),
      fallback: "the model's own; zeros where it has none",
      summary: "What it should not show. The empty text is encoded like any other.",
      rule: .promptSyntax(.negative)),
    Field(
      name: "model", kind: .text(names), fallback: "the loaded one, else the first available",
      summary: "A model's id or alias, as GET /models lists them."),
    side("width"), side("height"),
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

  private static func side(_ name: String) -> Field {
    Field(
      name: name, kind: .integer(sides), fallback: "the model's, or that of image", summary: "Pixels.",
      rule: .multiple(of: 8))
  }

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
      name: "n", kind: .integer(1...10), fallback: "1",
      summary: "Pictures to make: seed, seed + 1, …; each is that of a request for it alone."),
    Field(
      name: "output_format", kind: .choice(["png", "jpeg", "webp"]), fallback: "png",
      summary: "The picture's file format.", support: .unsupported(except: [.text("png")])),
  ]
}
