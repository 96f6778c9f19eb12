import Generation
import JSON
import Registry

extension GenerationPlan {
  /// What the client is told when the engine refuses the request: a mistake in what the registry filled in, or in a
  /// file that the client did not name, is not the client's.
  func refusal(_ error: GenerationError) -> APIError {
    guard error.kind == .invalidRequest, let field = error.field else {
      return APIError(error, model: entry.id, sent: body)
    }
    guard let path = path(of: field, error) else { return unasked(field, error.message) }
    return APIError([ValidationIssue(path.steps, .value(error.message), input: body.value(at: path))])
  }

  /// Where the body has what the engine calls `field`; `nil` where it has it not, though it might.
  private func path(of field: String, _ error: GenerationError) -> FieldPath? {
    switch field {
    case "loras": lora(in: error.message)?.path
    case "face_embedding": order.reference?.facePath(error.element)
    case "control" where order.controls.allSatisfy({ $0.model == nil }): nil
    // What models have no default of.
    case "image", "mask", "strength", "hires", "freeu", "pag_scale": FieldPath(field)
    // A file of the server's that a name stands for, or none.
    case "vae", "image_encoder", "depth_model": nil
    // Which spacing will do is the sampler's to say: whichever of the two was sent.
    case "timestep_spacing": sent(field) ?? sent("scheduler")
    default: sent(field)
    }
  }

  /// The one whose file is named.
  private func lora(in message: String) -> LoRAOrder? {
    let named = zip(order.loras, request.loras.map(\.file.name)).filter {
      message.contains("\($0.1).safetensors")
    }
    return (named.max { $0.1.count < $1.1.count })?.0 ?? order.loras.first
  }

  private func sent(_ field: String) -> FieldPath? {
    body[field] == nil || body[field] == .null ? nil : FieldPath(field)
  }

  private func unasked(_ field: String, _ why: String) -> APIError {
    switch field {
    case "ip_adapter": APIError(503, "ip_adapter_not_loaded", "IP-Adapter not loaded: \(why)")
    case "control": APIError(503, "control_not_loaded", "ControlNet not loaded: \(why)")
    case "depth_model": APIError(503, "depth_model_not_loaded", "Depth model not loaded: \(why)")
    case "image_encoder": APIError(503, "image_encoder_not_loaded", "Image encoder not loaded: \(why)")
    case "vae": APIError(503, "vae_not_loaded", "VAE not loaded: \(why)")
    default: Self.unusableDefault(field, entry, why)
    }
  }
}
