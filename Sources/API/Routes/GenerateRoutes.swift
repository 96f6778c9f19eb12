import Foundation
import Generation
import HTTP
import Images
import JSON
import Registry
import Scheduling
import Telemetry

extension Route {
  static let generate: [Route] = ["/generate", "/"].map { path in
    Route(
      method: .post, path: path, summary: "Makes a picture and answers with it.", body: .json(.generate),
      replies: [.json(200, "The picture and how it was made.", .named("Picture", picture))],
      answer: { service, call in
        service.later { try await service.generate(call.request.body, call.account) }
      })
  }

  private static let picture = Shape.record([
    "image": .text, "seed": .integer, "parameters": .named("Parameters", Provenance.shape),
    "timings": .record([
      "queue": .number, "swap": .number, "load": .number, "text": .number, "denoise": .number,
      "decode": .number, "encode": .number,
    ]),
  ])
}

extension APIService {
  private struct Finished: Sendable {
    let result: GenerationResult
    let waited: Duration
  }

  private struct Encoded: Sendable {
    let base64: String
    let time: Duration
  }

  /// - Parameters:
  ///   - bytes: the JSON of the body.
  ///   - story: told where the time went.
  func generate(_ bytes: [UInt8], _ story: RequestStory) async throws -> HTTPResponse {
    let body = try JSONBody.object(of: bytes)
    let values = try FieldTable.generate.validate(body)
    let choice = ModelChoice(
      registry: registry(), loaded: engine.status.model, preferred: configuration.defaultModel)
    var plan = try GenerationPlan(
      values, entry: try choice.find(values.text("model")), maxPixels: configuration.maxPixels)
    if let vae = VAEChoice(asked: values.text("vae"), plan.entry) {
      plan.request.vae = try await workers.run { [vaesFolder] in try vae.find(in: vaesFolder) }
    }

    let finished: Finished
    do {
      finished = try await run(plan.request)
    } catch let error as GenerationError where error.kind != .internalError {
      // An internal error goes on as it is: `later` reports it, and its words are for the log alone.
      throw plan.refusal(error, sent: body)
    }
    let provenance = Provenance(
      plan: plan, report: finished.result.report,
      modelHash: await configuration.modelHash(plan.entry, finished.result.report.modelFile),
      version: configuration.version)
    let encoded = try await encode(finished.result.image, provenance.chunks)
    let times = JobTimes(
      finished.result.report.timings, queue: finished.waited, encode: encoded.time, steps: plan.request.steps)
    story.job = times
    return .json([
      "image": .string(encoded.base64),
      "seed": .number(JSONNumber(plan.request.seed)),
      "parameters": .object(provenance.parameters),
      "timings": [
        "queue": milliseconds(times.queue), "swap": milliseconds(times.swap),
        "load": milliseconds(times.load), "text": milliseconds(times.text),
        "denoise": milliseconds(times.denoise), "decode": milliseconds(times.decode),
        "encode": milliseconds(times.encode),
      ],
    ])
  }

  /// Waits for its turn, then for the engine.
  private func run(_ request: GenerationRequest) async throws -> Finished {
    try await queue.submit(steps: request.steps) { job in
      let result = try await engine.generate(request) { progress in
        if case .step = progress { job.stepFinished() }
      }
      return Finished(result: result, waited: job.waited)
    }
  }

  /// The PNG in base64, made outside the queue so that the next job does not wait for it.
  private func encode(_ image: RGBImage, _ text: [PNGText]) async throws -> Encoded {
    try await workers.run {
      let start = ContinuousClock.now
      let png = try PNG.encode(image, text: text)
      return Encoded(base64: Data(png).base64EncodedString(), time: ContinuousClock.now - start)
    }
  }

  /// Tenths are as fine as these clocks are worth reading.
  private func milliseconds(_ value: Double) -> JSONValue {
    JSONValue(floatLiteral: (value * 10).rounded() / 10)
  }
}

extension JobTimes {
  fileprivate init(_ timings: Timings, queue: Duration, encode: Duration, steps: Int) {
    self.init()
    (self.queue, self.encode, self.steps) = (queue / .milliseconds(1), encode / .milliseconds(1), steps)
    (swap, load, text) = (timings.swap, timings.load, timings.text)
    (denoise, decode) = (timings.denoise, timings.decode)
  }
}
