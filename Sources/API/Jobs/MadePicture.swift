import Generation
import Images
import JSON
import Scheduling
import Telemetry

/// A finished picture and the account of how it was made.
struct MadePicture: Sendable {
  let image: RGBImage
  let provenance: Provenance
}

/// The pictures of one job.
struct MadePictures: Sendable {
  /// At least one.
  let first: MadePicture
  /// Those with the seeds behind it.
  let others: [MadePicture]
  /// Of all of them, without the encoding, which is still to come.
  let times: JobTimes

  var all: [MadePicture] { [first] + others }
}

extension APIService {
  /// What a body comes to: every field checked, every default filled in, every name looked up.
  /// - Parameter body: as `POST /generate` takes it.
  /// - Throws: `APIError`; `WorkPool.Full`; `QueueFull`; `CancellationError`.
  func plan(_ body: JSONObject) async throws -> GenerationPlan {
    let choice = ModelChoice(
      registry: registry(), loaded: engine.status.model, preferred: configuration.defaultModel)
    let draft: @Sendable (JSONObject) throws(APIError) -> GenerationPlan = {
      [configuration] body throws(APIError) in
      let values = try FieldTable.generate.validate(body)
      return try GenerationPlan(
        values, of: body, entry: try choice.find(values.text("model")), maxPixels: configuration.maxPixels)
    }
    // Mistakes are told at once, where no pictures are to be decoded for them.
    let naming = ControlNaming(body)
    let early = naming != nil || FieldTable.generate.hasPictures(body) ? nil : try draft(body)
    // From decoding to preparing in one piece: each thread has the pictures of one request in memory, and no request
    // has them before there is room for it.
    return try await workers.run { [folders, queue] in
      if let full = queue.full { throw full }
      var plan = try early ?? draft(naming?.spelledOut(in: folders) ?? body)
      try plan.resolve(in: folders)
      return plan
    }
  }

  /// Makes the pictures, one after another, when their turn comes.
  /// - Parameters:
  ///   - client: whose turn it takes, as `Client.key`.
  ///   - report: told how far it is.
  /// - Throws: `APIError`; `QueueFull`; `CancellationError`; what the engine should not throw, as it is.
  func make(
    _ plan: GenerationPlan, client: String, report: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) async throws -> MadePictures {
    let requests = plan.requests
    let (results, waited): ([GenerationResult], Duration)
    do {
      (results, waited) = try await queue.submit(
        steps: plan.steps, client: client, moved: { report(.queued(ahead: $0)) }
      ) { job in
        var results: [GenerationResult] = []
        for request in requests {
          let progress = ProgressReport(
            job: job, workers: workers, picture: results.count, of: requests.count, report: report)
          results.append(try await engine.generate(request) { progress.take($0) })
        }
        return (results, job.waited)
      }
    } catch let error as GenerationError where error.kind != .internalError {
      // An internal error goes on as it is: it is reported, and its words are for the log alone.
      throw plan.refusal(error)
    }
    var pictures: [MadePicture] = []
    for (request, result) in zip(requests, results) {
      pictures.append(try await finish(result, of: request, plan))
    }
    guard let first = pictures.first else { throw APIError.unexpected }
    return MadePictures(
      first: first, others: Array(pictures.dropFirst()),
      times: JobTimes(results.map(\.report.timings), queue: waited, steps: plan.steps))
  }

  /// Made outside the queue, so that the next job does not wait for it.
  private func finish(
    _ result: GenerationResult, of request: GenerationRequest, _ plan: GenerationPlan
  ) async throws -> MadePicture {
    var image = result.image
    if let finish = plan.finish {
      image = try await workers.runFirst { [image] in try finish.apply(to: image) }
    }
    let hash = await configuration.modelHash(plan.entry, result.report.modelFile)
    let provenance = Provenance(
      request: request, order: plan.order, report: result.report, modelHash: hash,
      version: configuration.version)
    return MadePicture(image: image, provenance: provenance)
  }
}

extension JobTimes {
  fileprivate init(_ timings: [Timings], queue: Duration, steps: Int) {
    self.init()
    (self.queue, self.steps) = (queue / .milliseconds(1), steps)
    for timings in timings {
      swap += timings.swap
      load += timings.load
      text += timings.text
      denoise += timings.denoise
      decode += timings.decode
    }
  }
}
