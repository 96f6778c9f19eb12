import Generation
import HTTP
import JSON
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
  /// - Parameters:
  ///   - bytes: the JSON of the body.
  ///   - story: told where the time went.
  func generate(_ bytes: [UInt8], _ story: RequestStory) async throws -> HTTPResponse {
    let body = try JSONBody.object(of: bytes)
    let made = try await make(try await plan(body), sent: body)
    let encoded = try await base64(made)
    var times = made.times
    times.encode = encoded.milliseconds
    story.job = times
    return .json([
      "image": .string(encoded.text),
      "seed": .number(JSONNumber(made.plan.request.seed)),
      "parameters": .object(made.provenance.parameters),
      "timings": [
        "queue": tenths(times.queue), "swap": tenths(times.swap), "load": tenths(times.load),
        "text": tenths(times.text), "denoise": tenths(times.denoise), "decode": tenths(times.decode),
        "encode": tenths(times.encode),
      ],
    ])
  }

  /// Milliseconds: tenths are as fine as these clocks are worth reading.
  private func tenths(_ value: Double) -> JSONValue {
    JSONValue(floatLiteral: (value * 10).rounded() / 10)
  }
}
