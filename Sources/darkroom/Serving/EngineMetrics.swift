import Synchronization
import Telemetry

/// What is counted of the engine's work.
final class EngineMetrics: Sendable {
  enum Outcome: String, MetricLabels, CaseIterable {
    case completed, failed, cancelled

    static var names: [String] { ["outcome"] }
    var values: [String] { [rawValue] }
  }

  private let jobs = Counter<Outcome>("darkroom_jobs_total", "Pictures begun.", known: Outcome.allCases)
  private let steps = Histogram<NoLabels>(
    "darkroom_step_seconds", "From one step of a picture to the next.",
    bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
  private let swaps = Counter<NoLabels>("darkroom_model_swaps_total", "Models that gave way to another one.")
  private let swapTimes = Histogram<NoLabels>(
    "darkroom_model_swap_seconds", "Dropping the model that was resident.", bounds: [0.1, 0.5, 1, 5, 10])
  private let loadTimes = Histogram<NoLabels>(
    "darkroom_model_load_seconds", "Reading a checkpoint for a picture.",
    bounds: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120])

  var families: [MetricFamily] {
    [jobs.family, steps.family, swaps.family, swapTimes.family, loadTimes.family]
  }

  /// - Parameters:
  ///   - swap: milliseconds; 0 when no model had to go.
  ///   - load: likewise, when the model was there.
  func finished(swap: Double, load: Double) {
    jobs.add(1, .completed)
    if swap > 0 {
      swaps.add()
      swapTimes.observe(swap / 1000)
    }
    if load > 0 { loadTimes.observe(load / 1000) }
  }

  func failed(_ error: any Error) { jobs.add(1, error is CancellationError ? .cancelled : .failed) }

  func stopwatch() -> Stopwatch { Stopwatch(metrics: self) }

  /// The steps of one picture. The first one's time is not counted: it holds what goes before the steps.
  final class Stopwatch: Sendable {
    private let metrics: EngineMetrics
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    fileprivate init(metrics: EngineMetrics) { self.metrics = metrics }

    func step() {
      let now = ContinuousClock.now
      let before = last.withLock { last in
        defer { last = now }
        return last
      }
      if let before { metrics.steps.observe((now - before) / .seconds(1)) }
    }
  }
}
