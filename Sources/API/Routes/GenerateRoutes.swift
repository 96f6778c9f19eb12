import HTTP
import Scheduling

extension Route {
  static let generate: [Route] = ["/generate", "/"].map { path in
    Route(
      method: .post, path: path,
      summary: "Makes a picture and answers with it, or with events on the way to it.",
      body: .jsonOrForm(.generate),
      replies: [
        .json(200, "The picture and how it was made.", .named("Picture", picture)),
        Reply(
          status: 200, summary: "Where Accept names it: events up to `completed` or `error`.",
          media: "text/event-stream"),
        .json(
          409, "The job was cancelled.", .record(["detail": .text, "code": .choice(["cancelled"])])),
      ],
      answer: { service, call in service.later { try await service.generate(call) } })
  }

  static let picture = Shape.record(
    [
      "image": .text, "seed": .integer, "parameters": .named("Parameters", Provenance.shape),
      "timings": .record([
        "queue": .number, "swap": .number, "load": .number, "text": .number, "denoise": .number,
        "decode": .number, "encode": .number,
      ]),
    ], optional: ["images": .array(.text), "seeds": .array(.integer)])
}
