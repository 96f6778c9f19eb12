import Generation

/// The spellings of the samplers and of the ways their noise levels fall: Darkroom's ids, diffusers' classes, and
/// the names of AUTOMATIC1111, ComfyUI and k-diffusion.
///
/// A name is a sampler's spelling, followed by a schedule's where another than the training's is meant. Case,
/// spaces, underscores and hyphens do not matter, and `++` is `pp`.
public enum SchedulerNames {
  /// Why `name` cannot be used; `nil` for a name that can.
  public static func problem(with name: String) -> String? {
    do {
      _ = try find(name)
      return nil
    } catch {
      return error.plainMessage
    }
  }

  /// The sampler and its schedule; the spacing is not part of a name.
  /// - Throws: when nothing is spelt so, or diffusers has no such pair; the message lists all that there are.
  static func find(_ name: String) throws(FieldProblem) -> SchedulerChoice {
    guard let choice = known[normal(name)] else {
      throw .value("unknown scheduler; known are \(list)")
    }
    guard choice.isSupported else {
      throw .value("\(choice.name.rawValue) has no \(choice.sigmas.rawValue) schedule; known are \(list)")
    }
    return choice
  }

  /// Every pair there is, the training's schedule of each sampler first.
  static let all: [SchedulerChoice] = SchedulerName.allCases.flatMap { name in
    name.sigmaSchedules.map { SchedulerChoice(name, sigmas: $0) }
  }

  /// What two spellings of one name have in common.
  static func normal(_ name: String) -> String {
    let kept = name.utf8.filter { ![UInt8(ascii: " "), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0) }
    let lower = kept.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    return String(decoding: lower, as: UTF8.self).replacing("++", with: "pp")
  }

  /// Every spelling of every pair, those that diffusers lacks too, so that they can be told from unknown ones.
  static func spellings() -> [(spelling: String, choice: SchedulerChoice)] {
    SchedulerName.allCases.flatMap { name in
      SigmaSchedule.allCases.flatMap { sigmas in
        let choice = SchedulerChoice(name, sigmas: sigmas)
        return spellings(of: name).all.flatMap { first in
          spellings(of: sigmas).map { (spelling: normal(first + $0), choice: choice) }
        }
      }
    }
  }

  private static let known = Dictionary(
    spellings().map { ($0.spelling, $0.choice) }, uniquingKeysWith: { first, _ in first })

  private static let list = all.map { choice in
    let others = [a1111(choice), choice.sigmas == .normal ? spellings(of: choice.name).diffusers : nil]
    return "\(choice.id) (\(others.compactMap(\.self).joined(separator: ", ")))"
  }.joined(separator: ", ")
}

extension SchedulerChoice {
  /// Whether diffusers' class of this sampler can follow this schedule.
  fileprivate var isSupported: Bool { name.sigmaSchedules.contains(sigmas) }
}
