import Generation
import JSON
import Registry

extension GenerationPlan {
  /// The most steps of a distilled sampler: diffusers' `original_inference_steps`.
  private static let distilledSteps = 50

  /// A rule that several fields break together.
  private struct Conflict {
    /// The one to change.
    let field: String
    /// Those that take part.
    let fields: Set<String>
    let input: JSONValue
    let message: String
  }

  /// - Throws: 422 with every conflict that the client has a part in, else 503 for one among the model's
  ///   defaults.
  static func check(
    _ request: GenerationRequest, _ values: FieldValues, _ entry: ModelEntry, maxPixels: Int
  ) throws(APIError) {
    let conflicts = [
      area(request, maxPixels), steps(request), interval(request.guidanceInterval),
      spacing(request.scheduler), eta(request.scheduler),
    ].compactMap(\.self)
    let issues = conflicts.filter { !$0.fields.isDisjoint(with: values.names) }.map { conflict in
      ValidationIssue([.string(conflict.field)], .value(conflict.message), input: conflict.input)
    }
    guard issues.isEmpty else { throw APIError(issues) }
    if let conflict = conflicts.first { throw unusableDefault(conflict.field, entry, conflict.message) }
  }

  private static func area(_ request: GenerationRequest, _ limit: Int) -> Conflict? {
    let (width, height) = (request.width, request.height)
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard overflow || pixels > limit else { return nil }
    return Conflict(
      field: "width", fields: ["width", "height"], input: .number(JSONNumber(width)),
      message: "\(width) x \(height) is over the limit of \(limit) pixels")
  }

  private static func steps(_ request: GenerationRequest) -> Conflict? {
    switch request.scheduler.name {
    case .lcm, .tcd: break
    default: return nil
    }
    guard request.steps > distilledSteps else { return nil }
    return Conflict(
      field: "steps", fields: ["steps", "scheduler"], input: .number(JSONNumber(request.steps)),
      message:
        "\(request.scheduler.name.rawValue) takes at most \(distilledSteps) steps, not \(request.steps)")
  }

  private static func interval(_ interval: GuidanceInterval) -> Conflict? {
    guard interval.start > interval.end else { return nil }
    return Conflict(
      field: "cfg_start", fields: ["cfg_start", "cfg_end"], input: JSONValue(floatLiteral: interval.start),
      message: "cfg_start should not be greater than cfg_end, which is \(interval.end.shortText)")
  }

  private static func spacing(_ choice: SchedulerChoice) -> Conflict? {
    guard !choice.name.spacings.contains(choice.spacing) else { return nil }
    return Conflict(
      field: "timestep_spacing", fields: ["timestep_spacing", "scheduler"],
      input: .string(choice.spacing.rawValue),
      message:
        "\(choice.name.rawValue) has steps of its own, which \(choice.spacing.rawValue) spacing cannot move")
  }

  private static func eta(_ choice: SchedulerChoice) -> Conflict? {
    guard choice.eta > 0, choice.name != .tcd else { return nil }
    return Conflict(
      field: "eta", fields: ["eta", "scheduler"], input: JSONValue(floatLiteral: choice.eta),
      message: "\(choice.name.rawValue) takes no eta; only tcd does")
  }
}
