import Foundation
import Generation
import Synchronization

/// One line of a terminal that is written over and over: a bar, the step, and the time left.
final class ProgressLine: Sendable {
  private struct State {
    var firstStep: ContinuousClock.Instant?
    var drawn = false
  }
  private let state = Mutex(State())
  private let isTerminal = isatty(STDERR_FILENO) == 1

  /// Draws nothing unless standard error is a terminal.
  func show(_ progress: GenerationProgress) {
    guard isTerminal else { return }
    let text = state.withLock { state in
      let text = Self.line(progress, &state.firstStep)
      if text != nil { state.drawn = true }
      return text
    }
    guard let text else { return }
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
  }

  /// Leaves the line empty.
  func clear() {
    guard state.withLock({ $0.drawn }) else { return }
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8))
  }

  private static func line(_ progress: GenerationProgress, _ firstStep: inout ContinuousClock.Instant?)
    -> String?
  {
    switch progress {
    case .preview: return nil
    case .loading(let model, let bytes, let total):
      return "loading \(model) \(bar(bytes, of: total)) \(bytes >> 20) of \(total >> 20) MiB"
    case .step(let step, let steps):
      let now = ContinuousClock.now
      guard let start = firstStep else {
        firstStep = now
        return "\(bar(step, of: steps)) step \(step) of \(steps)"
      }
      let left = (now - start) / Double(max(1, step - 1)) * Double(steps - step)
      return
        "\(bar(step, of: steps)) step \(step) of \(steps), \(Int((left / .seconds(1)).rounded(.up))) s left"
    }
  }

  private static func bar(_ done: Int, of total: Int, width: Int = 24) -> String {
    let filled = min(width, width * done / max(1, total))
    return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
  }
}
