import Foundation
import Generation
import HTTP
import Images
import JSON
import Scheduling
import Telemetry

extension Route {
  static let images: [Route] = [
    Route(
      method: .post, path: "/v1/images/generations",
      summary: "Makes a picture, asked for as OpenAI's API is.",
      body: .json(.imageGenerations),
      example: [
        "prompt": "a red star on a white background", "response_format": "b64_json", "size": "auto",
      ],
      errors: .openAI,
      replies: [.json(200, "The picture.", .named("Images", reply))],
      answer: { service, call in
        service.later(errors: .openAI) {
          try await service.openAIGenerate(call)
        }
      }),
    Route(
      method: .post, path: "/v1/images/edits",
      summary: "Will edit pictures; today it checks the form and then refuses it.",
      body: .multipart(.imageEdits, files: ImagesForm.files), errors: .openAI, replies: [],
      answer: { service, call in
        service.later(errors: .openAI) { try await service.openAIEdit(call.request) }
      }),
  ]

  private static let reply = Shape.record([
    "created": .integer, "data": .array(.record(["b64_json": .text])), "background": .choice(["opaque"]),
    "output_format": .choice(["png"]), "size": .text,
    "usage": .record([
      "input_tokens": .integer,
      "input_tokens_details": .record(["text_tokens": .integer, "image_tokens": .integer]),
      "output_tokens": .integer, "total_tokens": .integer,
    ]),
  ])
}

extension APIService {
  func openAIGenerate(_ call: RouteCall) async throws -> HTTPResponse {
    let request = try ImagesRequest(try await object(of: call.request.body), .imageGenerations)
    let plan: GenerationPlan
    do {
      plan = try await self.plan(request.body)
    } catch let error as APIError {
      throw error.renamed(ImagesRequest.names)
    }
    let job = start(plan, call) { try await imagesReply($0) }
    let response =
      switch await job.outcome() {
      case .reply(let reply) where reply.status == 200:
        HTTPResponse(status: 200, headers: ["Content-Type": "application/json"], body: reply.body)
      case .reply: (call.account.failure ?? .unexpected).renamed(ImagesRequest.names).openAIResponse
      case .cancelled(onRequest: true): APIError.cancelled.openAIResponse
      case .cancelled(onRequest: false): APIError(CancellationError()).openAIResponse
      }
    return marked(response, with: job.id)
  }

  func openAIEdit(_ request: HTTPRequest) async throws -> HTTPResponse {
    let type = request.headers["Content-Type"] ?? ""
    let asked = try await workers.run {
      let form = try ImagesForm(request.body, contentType: type)
      let asked = try ImagesRequest(form.fields, .imageEdits)
      try form.checkPictures()
      return asked
    }
    do {
      _ = try await plan(asked.body)
    } catch let error as APIError {
      throw error.renamed(ImagesRequest.names)
    }
    throw APIError(400, "not_supported", "Editing pictures is not supported yet")
  }

  private func imagesReply(_ made: MadePictures) async throws -> (body: [UInt8], times: JobTimes) {
    let tokens = made.first.provenance.report.promptTokens + made.first.provenance.report.negativePromptTokens
    let rest: JSONValue = [
      "created": .number(JSONNumber(Int(Date().timeIntervalSince1970))),
      "background": "opaque",
      "output_format": "png",
      "size": .string("\(made.first.image.width)x\(made.first.image.height)"),
      // Pictures cost steps here, not tokens.
      "usage": [
        "input_tokens": .number(JSONNumber(tokens)),
        "input_tokens_details": ["text_tokens": .number(JSONNumber(tokens)), "image_tokens": 0],
        "output_tokens": 0, "total_tokens": .number(JSONNumber(tokens)),
      ],
    ]
    return try await reply(made) { _ in
      [
        .json(#"{"data":[{"b64_json":"#), .picture(0), .json("}],"),
        .json(Array(rest.encoded().dropFirst())),
      ]
    }
  }
}
