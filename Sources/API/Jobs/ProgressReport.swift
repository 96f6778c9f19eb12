import Generation
import Images
import Scheduling
import Synchronization

/// Turns what an engine tells of its work on one picture into a job's events, whose steps are those of all pictures.
final class ProgressReport: Sendable {
  private let job: Job
  private let workers: WorkPool
  private let report: @Sendable (JobEvent) -> Void
  /// Pictures made before this one, and all of the job.
  private let (before, pictures): (Int, Int)
  private let step = Mutex(0)

  /// - Parameters: picture its number, from 0; pictures how many the job makes.
  init(
    job: Job, workers: WorkPool, picture: Int, of pictures: Int,
    report: @escaping @Sendable (JobEvent) -> Void
  ) {
    (self.job, self.workers, self.report) = (job, workers, report)
    (before, self.pictures) = (picture, pictures)
  }

  /// Called on the thread that talks to the engine, so it does not wait: previews are written elsewhere.
  func take(_ progress: GenerationProgress) {
    switch progress {
    case .loading(let model, let bytes, let total):
      report(.loading(model: model, bytes: bytes, total: total))
    case .step(let own, let ownSteps):
      let (number, steps) = (before * ownSteps + own, pictures * ownSteps)
      step.withLock { $0 = number }
      let left = job.stepFinished().map { $0 * Double(max(0, steps - number)) }
      report(.step(number, of: steps, secondsLeft: left))
    case .preview(let image):
      let number = step.withLock { $0 }
      Task { [workers, report] in
        // A preview is worth no failure: the next one comes.
        guard let jpeg = try? await workers.runFirst({ try JPEG.encode(image) }) else { return }
        report(.preview(step: number, jpeg: jpeg))
      }
    }
  }
}
