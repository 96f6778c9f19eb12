import Generation
import Images
import JSON

extension Provenance {
  /// What steered the picture. Pictures are told by the SHA-256 of their files.
  var steering: JSONObject {
    [
      "loras": .array(loras),
      "embeddings": .array(
        report.steering.embeddings.map {
          ["name": .string($0.name), "vectors": integer($0.vectors)]
        }),
      "reference": reference ?? .null,
      "image": order.start.map(image) ?? .null,
      "strength": request.start.map { number($0.strength) } ?? .null,
      "mask": order.start?.mask.map(mask) ?? .null,
      "control": .array(controls),
      "pag_scale": number(request.perturbedAttention?.scale ?? 0),
      "pag_adaptive_scale": number(request.perturbedAttention?.adaptiveScale ?? 0),
      "freeu": request.freeU.map { weights in
        [
          "s1": number(weights.s1), "s2": number(weights.s2), "b1": number(weights.b1),
          "b2": number(weights.b2),
        ]
      } ?? .null,
      "hires": request.secondPass.map { pass in
        [
          "width": integer(pass.width), "height": integer(pass.height), "steps": integer(pass.steps),
          "strength": number(pass.strength), "upscaler": .string(pass.upscaler.rawValue),
        ]
      } ?? .null,
      "steps_made": integer(report.steering.stepsMade ?? request.firstPassSteps),
      "warnings": .array(report.steering.warnings.map(JSONValue.string)),
    ]
  }

  /// Of `steering`.
  static let steeringShape: KeyValuePairs<String, Shape> = [
    "loras": .array(
      .record([
        "name": .text, "scale": .number, "unet_layers": .nullable(.integer),
        "text_encoder_layers": .nullable(.integer), "text_encoder_2_layers": .nullable(.integer),
      ])),
    "embeddings": .array(.record(["name": .text, "vectors": .integer])),
    "reference": .nullable(
      .record(
        [
          "adapter": .text, "kind": .nullable(.text),
          "references": .array(
            .record(["sha256": .text, "weight": .number, "mask_sha256": .nullable(.text)])),
          "scale": .number, "start": .number, "end": .number, "blocks": .text, "combination": .text,
        ], optional: ["encoded": .nullable(.integer)])),
    "image": .nullable(
      .record(["sha256": .text, "width": .integer, "height": .integer, "resize_mode": .text])),
    "strength": .nullable(.number),
    "mask": .nullable(
      .record([
        "sha256": .text, "mode": .text, "blur": .integer, "composite": .boolean, "masked_only": .boolean,
        "padding": .nullable(.integer),
      ])),
    "control": .array(
      .record([
        "model": .text, "type": .text, "sha256": .text, "scale": .number, "start": .number, "end": .number,
        "low_threshold": .nullable(.integer), "high_threshold": .nullable(.integer),
      ])),
    "pag_scale": .number, "pag_adaptive_scale": .number,
    "freeu": .nullable(.record(["s1": .number, "s2": .number, "b1": .number, "b2": .number])),
    "hires": .nullable(
      .record([
        "width": .integer, "height": .integer, "steps": .integer, "strength": .number, "upscaler": .text,
      ])),
    "steps_made": .integer, "warnings": .array(.text),
  ]

  private var loras: [JSONValue] {
    request.loras.map { lora in
      let told = report.steering.loras.first { $0.name == lora.file.name }
      return [
        "name": .string(lora.file.name), "scale": number(lora.scale),
        "unet_layers": told.map { integer($0.unetLayers) } ?? .null,
        "text_encoder_layers": told.map { integer($0.textEncoderLayers) } ?? .null,
        "text_encoder_2_layers": told.map { integer($0.textEncoder2Layers) } ?? .null,
      ]
    }
  }

  private var reference: JSONValue? {
    guard let prompt = request.reference, let asked = order.reference else { return nil }
    let told = report.steering.reference
    return [
      "adapter": .string(prompt.adapter.name), "kind": told.map { .string($0.kind) } ?? .null,
      "references": .array(
        asked.references.map { reference in
          [
            "sha256": .string(reference.picture.sha256), "weight": number(reference.weight),
            "mask_sha256": reference.mask.map { .string($0.sha256) } ?? .null,
          ]
        }),
      "scale": number(prompt.scale), "start": number(prompt.start), "end": number(prompt.end),
      "blocks": .string(prompt.blocks.rawValue), "combination": .string(prompt.combination.rawValue),
      "encoded": told.map { integer($0.encoded) } ?? .null,
    ]
  }

  private func image(_ start: StartOrder) -> JSONValue {
    [
      "sha256": .string(start.picture.sha256), "width": integer(start.picture.width),
      "height": integer(start.picture.height), "resize_mode": .string(start.mode.rawValue),
    ]
  }

  private func mask(_ mask: StartOrder.Mask) -> JSONValue {
    [
      "sha256": .string(mask.picture.sha256), "mode": .string(mask.kind.rawValue), "blur": integer(mask.blur),
      "composite": .bool(mask.composites), "masked_only": .bool(mask.padding != nil),
      "padding": mask.padding.map(integer) ?? .null,
    ]
  }

  private var controls: [JSONValue] {
    zip(request.controls, order.controls).map { prompt, asked in
      let isCanny = asked.kind == .canny
      return [
        "model": .string(prompt.network.name), "type": .string(asked.kind.rawValue),
        "sha256": .string(asked.picture.sha256), "scale": number(prompt.scale), "start": number(prompt.start),
        "end": number(prompt.end), "low_threshold": isCanny ? integer(asked.lowThreshold) : .null,
        "high_threshold": isCanny ? integer(asked.highThreshold) : .null,
      ]
    }
  }

  private func number(_ value: Double) -> JSONValue { JSONValue(floatLiteral: value) }
}
