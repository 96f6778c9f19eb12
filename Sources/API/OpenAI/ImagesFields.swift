extension FieldTable {
  /// The body of `POST /v1/images/generations`: OpenAI's fields, then ours.
  static let imageGenerations = FieldTable(
    fields: asked + pictures + [
      Field(
        name: "style", kind: .choice(["vivid", "natural"]), fallback: "vivid",
        summary: "The model's own look is vivid.", support: .unsupported(except: [.text("vivid")])),
      Field(
        name: "moderation", kind: .choice(["auto", "low"]), fallback: "auto", summary: "There is none.",
        support: .modifier),
    ] + fineControl)

  /// The texts of the form of `POST /v1/images/edits`.
  static let imageEdits = FieldTable(
    fields: asked + pictures + [
      Field(
        name: "input_fidelity", kind: .choice(["high", "low"]), fallback: "low",
        summary: "How closely the pictures are kept to.", support: .unsupported(except: [.text("low")]))
    ] + fineControl)

  private static let asked: [Field] = [
    Field(
      name: "prompt", kind: .text(0...10_000), isRequired: true, fallback: "required",
      summary: "What the picture should show.", rule: .promptSyntax(.positive)),
    Field(
      name: "model", kind: .text(0...200), fallback: "the loaded one, else the first available",
      summary: "A model's id or alias, as GET /v1/models/{id} takes it."),
    Field(
      name: "n", kind: .integer(1...10), fallback: "1", summary: "Pictures to make.",
      support: .unsupported(except: [.integer(1)])),
    Field(
      name: "size", kind: .text(0...11), fallback: "auto",
      summary: "WIDTHxHEIGHT in pixels, or auto for the model's. Both as POST /generate takes them."),
    Field(
      name: "response_format", kind: .choice(["url", "b64_json"]),
      fallback: "url, so that b64_json has to be asked for", summary: "How the picture is handed over.",
      support: .unsupported(except: [.text("b64_json")])),
  ]

  private static let pictures: [Field] = [
    Field(
      name: "output_format", kind: .choice(["png", "jpeg", "webp"]), fallback: "png",
      summary: "The picture's file format.", support: .unsupported(except: [.text("png")])),
    Field(
      name: "output_compression", kind: .integer(0...100), fallback: "100",
      summary: "Of JPEG and WebP; PNG loses nothing.", support: .modifier),
    Field(
      name: "quality", kind: .choice(["auto", "standard", "hd", "low", "medium", "high"]), fallback: "auto",
      summary: "How much work goes into the picture; steps says it in numbers.",
      support: .unsupported(except: [.text("auto"), .text("standard")])),
    Field(
      name: "background", kind: .choice(["auto", "opaque", "transparent"]), fallback: "auto",
      summary: "Pictures are opaque.",
      support: .unsupported(except: [.text("auto"), .text("opaque")])),
    Field(
      name: "user", kind: .text(0...200), fallback: "null", summary: "Of no meaning here.",
      support: .modifier),
    Field(
      name: "stream", kind: .boolean, fallback: "false", summary: "Whether the reply comes as events.",
      support: .unsupported(except: [.boolean(false)])),
    Field(
      name: "partial_images", kind: .integer(0...3), fallback: "0", summary: "Previews in the stream.",
      support: .unsupported(except: [.integer(0)])),
  ]

  /// Fields of `POST /generate` that OpenAI's API does not have.
  private static let fineControl = FieldTable.generate.fields.filter { field in
    ["negative_prompt", "seed", "steps", "cfg_scale", "scheduler", "loras"].contains(field.name)
  }
}
