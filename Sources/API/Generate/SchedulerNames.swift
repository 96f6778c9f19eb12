import Generation

/// The spellings of the samplers.
enum SchedulerNames {
  private struct Names {
    let id: SchedulerName
    let diffusers: String
    let a1111: String
  }

  // A switch, so that a new sampler cannot be forgotten here.
  private static func names(_ id: SchedulerName) -> Names? {
    switch id {
    case .eulerAncestral:
      Names(id: id, diffusers: "EulerAncestralDiscreteScheduler", a1111: "Euler a")
    case .euler: Names(id: id, diffusers: "EulerDiscreteScheduler", a1111: "Euler")
    default: nil
    }
  }

  /// - Throws: when no sampler is spelt so; the message lists them all.
  static func find(_ name: String) throws(FieldProblem) -> SchedulerName {
    let all = SchedulerName.allCases.compactMap(names)
    if let match = all.first(where: { [$0.id.rawValue, $0.diffusers, $0.a1111].contains(name) }) {
      return match.id
    }
    let list = all.map { "\($0.id.rawValue) (or \($0.diffusers), \($0.a1111))" }
    throw .value("unknown scheduler; known are \(list.joined(separator: ", "))")
  }

  /// AUTOMATIC1111's name, for the text in the picture.
  static func a1111(_ id: SchedulerName) -> String { names(id)?.a1111 ?? id.rawValue }
}
