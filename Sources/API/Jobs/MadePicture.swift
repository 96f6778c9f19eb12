import Generation
import Images
import JSON
import Scheduling
import Telemetry

/// A finished picture and the account of how it was made.
struct MadePicture: Sendable {
  let plan: GenerationPlan
  let image: RGBImage
  let provenance: Provenance
  /// Without the encoding, which is still to come.
  let times: JobTimes
}

extension APIService {
  /// What a body comes to: every field checked, every default filled in, every name looked up.
  /// - Parameter body: as `POST /generate` takes it.
  /// - Throws: `APIError`; `WorkPool.Full`; `CancellationError`.
  func plan(_ body: JSONObject) async throws -> GenerationPlan {
    let values = try await values(of: body, in: .generate)
    let choice = ModelChoice(
      registry: registry(), loaded: engine.status.model, preferred: configuration.defaultModel)
    var plan = try GenerationPlan(
      values, entry: try choice.find(values.text("model")), maxPixels: configuration.maxPixels)
    if let vae = VAEChoice(asked: values.text("vae"), plan.entry) {
      plan.request.vae = try await workers.run { [vaesFolder] in try vae.find(in: vaesFolder) }
    }
    return plan
  }

  /// Makes the picture when its turn comes.
  /// - Parameters:
  ///   - body: which the plan is of, for the `input` of a 422.
  ///   - client: whose turn it takes, as `Client.key`.
  ///   - report: told how far it is.
  /// - Throws: `APIError`; `QueueFull`; `CancellationError`; what the engine should not throw, as it is.
  func make(
    _ plan: GenerationPlan, sent body: JSONObject, client: String,
    report: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) async throws -> MadePicture {
    let (result, waited): (GenerationResult, Duration)
    do {
      (result, waited) = try await queue.submit(
        steps: plan.request.steps, client: client, moved: { report(.queued(ahead: $0)) }
      ) { job in
        let progress = ProgressReport(job: job, workers: workers, report: report)
        let result = try await engine.generate(plan.request) { progress.take($0) }
        return (result, job.waited)
      }
    } catch let error as GenerationError where error.kind != .internalError {
      // An internal error goes on as it is: it is reported, and its words are for the log alone.
      throw plan.refusal(error, sent: body)
    }
    let provenance = Provenance(
      plan: plan, report: result.report,
      modelHash: await configuration.modelHash(plan.entry, result.report.modelFile),
      version: configuration.version)
    return MadePicture(
      plan: plan, image: result.image, provenance: provenance,
      times: JobTimes(result.report.timings, queue: waited, steps: plan.request.steps))
  }
}

extension JobTimes {
  fileprivate init(_ timings: Timings, queue: Duration, steps: Int) {
    self.init()
    (self.queue, self.steps) = (queue / .milliseconds(1), steps)
    (swap, load, text) = (timings.swap, timings.load, timings.text)
    (denoise, decode) = (timings.denoise, timings.decode)
  }
}
