import Generation
import StableDiffusion

/// What changes a request's pictures beside its texts, read from its files: the same in both passes.
struct Steering {
  /// On the weights already.
  let loras: LoRAShelf.Account
  let references: ReferenceReading?
  /// Of the request's controls, in their order.
  let controlNets: [ControlNet]

  /// What a picture is conditioned on, with all of this.
  /// - Parameter request: at the size of the pass.
  /// - Throws: `GenerationError` naming the field for what the model cannot do with it; `TorchError`.
  func added(
    to conditioning: ImageConditioning, for request: GenerationRequest, in networks: StableDiffusionXL
  ) throws -> ImageConditioning {
    var steered = try references?.added(to: conditioning, in: networks) ?? conditioning
    try steered.steer(request, controlNets)
    return steered
  }

  /// Tells what was really used.
  func tell(of request: GenerationRequest, _ passes: Passes, _ report: inout SteeringReport) {
    report.loras = loras.reports
    report.warnings += loras.warnings + passes.idle(in: request)
    report.reference = references?.report
    report.controls = request.controls.map { ControlReport(network: $0.network.name, scale: $0.scale) }
  }
}
