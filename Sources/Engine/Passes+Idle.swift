import Generation
import StableDiffusion

extension Passes {
  /// What had no part in the picture: a mask that selects nothing, and what was asked for in a part of the run that holds
  /// none of the steps that were made. A sentence each.
  func idle(in request: GenerationRequest) -> [String] {
    let plans = [first, second].compactMap(\.self)
    func hasStep(from start: Double, upTo end: Double) -> Bool {
      plans.contains { $0.hasStep(from: start, upTo: end) }
    }
    var sentences: [String] = []
    func note(_ what: String, _ start: (String, Double), _ end: (String, Double)) {
      sentences.append(
        "No step lies between \(start.0) \(start.1) and \(end.0) \(end.1), so that \(what) no part in the picture"
      )
    }
    if let start = request.start, StableDiffusionXL.Repaint(start)?.selectsSomething == false {
      sentences.append(
        "The mask selects nothing to repaint: of each 8 x 8 pixels of the result the first one counts")
    }
    let interval = request.guidanceInterval
    if request.cfgScale > 1, !hasStep(from: interval.start, upTo: interval.end) {
      note("guidance had", ("cfg_start", interval.start), ("cfg_end", interval.end))
    }
    if let references = request.reference, references.scale > 0,
      !hasStep(from: references.start, upTo: references.end)
    {
      note(
        "references had", ("ip_adapter_start", references.start), ("ip_adapter_end", references.end))
    }
    for control in request.controls where control.scale > 0 {
      let part = Control.Part(start: control.start, end: control.end)
      guard !plans.contains(where: part.hasEvaluation) else { continue }
      note("the control \(control.network.name) had", ("start", control.start), ("end", control.end))
    }
    return sentences
  }
}
