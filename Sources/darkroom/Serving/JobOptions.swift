import API
import ArgumentParser

/// What may be made, and how much of it at a time.
struct JobOptions: ParsableArguments {
  @Option(help: "A model to load at start.") var model: String?
  @Option(help: "Requests that may run and wait together. (default: 16)") var maxInflight: Int?
  @Option(help: "Pixels of one picture, width times height. (default: 4194304)") var maxPixels: Int?
  @Option(help: "Seconds to finish what runs when told to stop. (default: 30)") var drainSeconds: Int?

  struct Values {
    let model: String?
    let maxInflight: Int
    let maxPixels: Int
    let drainSeconds: Int
  }

  func values(_ file: ConfigurationFile?) throws -> Values {
    let inflight = try Setting.value(maxInflight, "max-inflight", default: 16, from: file)
    guard inflight >= 1 else { throw ValidationError("--max-inflight is at least 1.") }
    // The smallest picture has 64 × 64 pixels, the largest 2048 × 2048.
    let pixels = try Setting.value(
      maxPixels, "max-pixels", default: APIConfiguration(version: "").maxPixels, from: file)
    guard (4096...4_194_304).contains(pixels) else {
      throw ValidationError("--max-pixels is from 4096 to 4194304.")
    }
    let drain = try Setting.value(drainSeconds, "drain-seconds", default: 30, from: file)
    guard (0...86_400).contains(drain) else { throw ValidationError("--drain-seconds is from 0 to 86400.") }
    return Values(
      model: try Setting.optional(model, "model", from: file), maxInflight: inflight, maxPixels: pixels,
      drainSeconds: drain)
  }
}
