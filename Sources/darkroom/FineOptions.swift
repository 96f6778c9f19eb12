import API
import ArgumentParser

/// What few pictures need: how the steps, the guidance, the prompts and the decoder work.
struct FineOptions: ParsableArguments {
  @Option(help: "The sampler, such as euler_a or dpmpp_2m_karras. (default: the model's)")
  var scheduler: String?
  @Option(help: "leading, trailing or linspace. (default: the model's)") var timestepSpacing: String?
  @Option(help: "The text encoders' layer from the last, 1 to 12. (default: the model's)")
  var clipSkip: Int?
  @Option(help: "How much guided contrast is taken back, 0 to 1. (default: the model's)")
  var cfgRescale: Double?
  @Option(help: "The share of the steps after which guidance begins. (default: 0)") var cfgStart: Double?
  @Option(help: "The share of the steps after which it ends. (default: 1)") var cfgEnd: Double?
  @Option(help: "How much of each jump tcd draws anew, 0 to 1. (default: 0)") var eta: Double?
  @Option(help: "a1111, comfy or diffusers. (default: a1111)") var promptStyle: String?
  @Option(help: "A decoder in models/vae. (default: the model's)") var vae: String?

  /// The values are checked as those of a request are.
  func fill(_ order: inout PictureOrder) throws {
    order.scheduler = try Setting.optional(scheduler, "scheduler")
    order.timestepSpacing = try Setting.optional(timestepSpacing, "timestep-spacing")
    order.clipSkip = try Setting.optional(clipSkip, "clip-skip")
    order.cfgRescale = try Setting.optional(cfgRescale, "cfg-rescale")
    order.cfgStart = try Setting.optional(cfgStart, "cfg-start")
    order.cfgEnd = try Setting.optional(cfgEnd, "cfg-end")
    order.eta = try Setting.optional(eta, "eta")
    order.promptStyle = try Setting.optional(promptStyle, "prompt-style")
    order.vae = try Setting.optional(vae, "vae")
  }
}
