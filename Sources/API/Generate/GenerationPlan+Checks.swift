import Generation
import JSON
import Registry

extension GenerationPlan {
  /// The most steps of a distilled sampler: diffusers' `original_inference_steps`.
  private static let distilledSteps = 50

  /// A rule that several fields break together.
  private struct Conflict {
    /// Those that take part with their values, the likeliest to be wrong first.
    let fields: [(name: String, value: JSONValue)]
    let message: String
  }

  /// What numbers of pictures and steps leave no picture.
  static func check(
    _ request: GenerationRequest, _ order: SteeringOrder, count: Int, _ mistakes: inout Mistakes
  ) {
    if request.seed > UInt64(Int.max) - UInt64(count - 1) {
      mistakes.note("seed + n - 1 should be at most \(Int.max)", at: "n")
    }
    guard let start = order.start else { return }
    if GenerationRequest.share(start.strength, of: request.steps) == 0 {
      let strength = start.strength.shortText
      mistakes.note("of \(request.steps) steps, a strength of \(strength) leaves none", at: "strength")
    }
  }

  /// - Parameter mistakes: found already.
  /// - Throws: 422 with those and every conflict that the client has a part in, else 503 for one among the model's
  ///   defaults.
  static func check(
    _ request: GenerationRequest, _ values: FieldValues, _ entry: ModelEntry, maxPixels: Int,
    _ mistakes: Mistakes
  ) throws(APIError) {
    let conflicts = [
      area(request, maxPixels), steps(request), interval(request.guidanceInterval),
      spacing(request.scheduler), eta(request.scheduler),
    ].compactMap(\.self)
    let issues: [ValidationIssue] = conflicts.compactMap { conflict in
      // Of those that the client sent: a default is none of its mistakes.
      guard let field = conflict.fields.first(where: { values.names.contains($0.name) }) else { return nil }
      return ValidationIssue([.string(field.name)], .value(conflict.message), input: field.value)
    }
    guard issues.isEmpty, mistakes.issues.isEmpty else { throw APIError(issues + mistakes.issues) }
    if let conflict = conflicts.first, let field = conflict.fields.first {
      throw unusableDefault(field.name, entry, conflict.message)
    }
  }

  private static func area(_ request: GenerationRequest, _ limit: Int) -> Conflict? {
    let (width, height) = (request.width, request.height)
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard overflow || pixels > limit else { return nil }
    return Conflict(
      fields: [("width", .number(JSONNumber(width))), ("height", .number(JSONNumber(height)))],
      message: "\(width) x \(height) is over the limit of \(limit) pixels")
  }

  private static func steps(_ request: GenerationRequest) -> Conflict? {
    switch request.scheduler.name {
    case .lcm, .tcd: break
    default: return nil
    }
    guard request.steps > distilledSteps else { return nil }
    return Conflict(
      fields: [
        ("steps", .number(JSONNumber(request.steps))), ("scheduler", .string(request.scheduler.id)),
      ],
      message:
        "\(request.scheduler.name.rawValue) takes at most \(distilledSteps) steps, not \(request.steps)")
  }

  private static func interval(_ interval: GuidanceInterval) -> Conflict? {
    guard interval.start > interval.end else { return nil }
    return Conflict(
      fields: [
        ("cfg_start", JSONValue(floatLiteral: interval.start)),
        ("cfg_end", JSONValue(floatLiteral: interval.end)),
      ],
      message: "cfg_start should not be greater than cfg_end, which is \(interval.end.shortText)")
  }

  private static func spacing(_ choice: SchedulerChoice) -> Conflict? {
    guard !choice.name.spacings.contains(choice.spacing) else { return nil }
    return Conflict(
      fields: [
        ("timestep_spacing", .string(choice.spacing.rawValue)), ("scheduler", .string(choice.id)),
      ],
      message:
        "\(choice.name.rawValue) has steps of its own, which \(choice.spacing.rawValue) spacing cannot move")
  }

  private static func eta(_ choice: SchedulerChoice) -> Conflict? {
    guard choice.eta > 0, choice.name != .tcd else { return nil }
    return Conflict(
      fields: [("eta", JSONValue(floatLiteral: choice.eta)), ("scheduler", .string(choice.id))],
      message: "\(choice.name.rawValue) takes no eta; only tcd does")
  }
}
