import Generation
import StableDiffusion

/// What changes a request's pictures beside its texts, read from its files: the same in both passes.
struct Steering {
  /// On the weights already.
  let loras: LoRAShelf.Account
  let references: ReferenceReading?

  /// What a picture is conditioned on, with all of this.
  /// - Throws: `GenerationError` naming the field for what the model cannot do with it; `TorchError`.
  func added(
    to conditioning: ImageConditioning, in networks: StableDiffusionXL
  ) throws -> ImageConditioning {
    try references?.added(to: conditioning, in: networks) ?? conditioning
  }

  /// Tells what was really used.
  func tell(_ report: inout SteeringReport) {
    report.loras = loras.reports
    report.warnings += loras.warnings
    report.reference = references?.report
  }
}
