import Foundation
import Generation
import JSON

extension Provenance {
  /// AUTOMATIC1111's infotext (`modules/processing.py`, `modules/infotext_utils.py`; 1.9 and later): the prompts,
  /// then one line of pairs in its order. Readers take an absent pair for their own default.
  var infotext: String {
    var lines = [prompt]
    if let negativePrompt, !negativePrompt.isEmpty {
      lines.append("Negative prompt: \(weighted(negativePrompt))")
    }
    lines.append(pairs.map { "\($0): \(Self.quoted($1))" }.joined(separator: ", "))
    return lines.joined(separator: "\n")
  }

  private var pairs: [(String, String)] {
    var pairs = [
      ("Steps", String(request.steps)),
      ("Sampler", SchedulerNames.spellings(of: request.scheduler.name).a1111),
      ("Schedule type", SchedulerNames.scheduleType(request.scheduler)),
      ("CFG scale", request.cfgScale.shortText),
      ("Seed", String(request.seed)),
      ("Size", "\(request.width)x\(request.height)"),
    ]
    if let modelHash { pairs.append(("Model hash", String(modelHash.prefix(10)))) }
    pairs.append(("Model", request.model.id))
    // Readers know a decoder by its file.
    if let vae = request.vae { pairs.append(("VAE", URL(fileURLWithPath: vae.path).lastPathComponent)) }
    pairs += startPairs
    if request.clipSkip > 1 { pairs.append(("Clip skip", String(request.clipSkip))) }
    pairs.append(("RNG", "CPU"))
    if report.zeroTerminalSNR { pairs.append(("Noise Schedule", "Zero Terminal SNR")) }
    if request.cfgRescale > 0 { pairs.append(("CFG Rescale", request.cfgRescale.shortText)) }
    let interval = request.guidanceInterval
    if interval.start > 0 { pairs.append(("CFG start", interval.start.shortText)) }
    if interval.end < 1 { pairs.append(("CFG end", interval.end.shortText)) }
    pairs += passPairs
    pairs.append(("Version", "Darkroom \(version)"))
    return pairs
  }

  private var startPairs: [(String, String)] {
    let strength = request.start?.strength ?? request.secondPass?.strength
    return strength.map { [("Denoising strength", $0.shortText)] } ?? []
  }

  /// Of repainting and of the second pass.
  private var passPairs: [(String, String)] {
    var pairs: [(String, String)] = []
    if let mask = order.start?.mask {
      if mask.composites { pairs.append(("Mask blur", String(mask.blur))) }
      if let padding = mask.padding {
        pairs += [("Inpaint area", "Only masked"), ("Masked area padding", String(padding))]
      }
    }
    if let pass = request.secondPass {
      pairs += [
        ("Hires resize", "\(pass.width)x\(pass.height)"), ("Hires steps", String(pass.steps)),
        ("Hires upscaler", pass.upscaler == .latent ? "Latent" : "Lanczos"),
      ]
    }
    return pairs
  }

  /// With the LoRAs as that tool is told of them.
  private var prompt: String {
    let tags = request.loras.map { "<lora:\($0.file.name):\($0.scale.shortText)>" }
    return ([weighted(request.prompt)] + tags).filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// The prompt as a reader of weights has to be given it.
  private func weighted(_ prompt: String) -> String {
    switch request.promptStyle {
    case .a1111, .comfy: prompt
    case .diffusers: PromptSyntax.escaped(prompt)
    }
  }

  /// A value with a comma, colon or line break is written as a JSON string.
  private static func quoted(_ value: String) -> String {
    guard value.unicodeScalars.contains(where: { [",", ":", "\n", "\r"].contains($0) }) else { return value }
    return String(decoding: JSONValue.string(value).encoded(), as: UTF8.self)
  }
}
