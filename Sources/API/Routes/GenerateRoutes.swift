import Foundation
import Generation
import HTTP
import Images
import JSON
import Registry
import Scheduling

extension Route {
  static let generate: [Route] = ["/generate", "/"].map { path in
    Route(
      method: .post, path: path, summary: "Makes a picture and answers with it.", body: .generate,
      answer: { service, request in service.later { try await service.generate(request) } })
  }
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

  func generate(_ request: HTTPRequest) async throws -> HTTPResponse {
    let body = try JSONBody.object(of: request)
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
    let timings = finished.result.report.timings
    return .json([
      "image": .string(encoded.base64),
      "seed": .number(JSONNumber(plan.request.seed)),
      "parameters": .object(provenance.parameters),
      "timings": [
        "queue": milliseconds(finished.waited / .milliseconds(1)),
        "swap": milliseconds(timings.swap), "load": milliseconds(timings.load),
        "text": milliseconds(timings.text), "denoise": milliseconds(timings.denoise),
        "decode": milliseconds(timings.decode),
        "encode": milliseconds(encoded.time / .milliseconds(1)),
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
