import Generation
import HTTP
import JSON
import Registry

extension Route {
  static let openAI: [Route] = [
    Route(
      method: .get, path: "/v1/models", summary: "The models that are there, as OpenAI lists its own.",
      errors: .openAI,
      replies: [
        .json(200, "The models.", .record(["object": .choice(["list"]), "data": .array(openAIModel)]))
      ],
      answer: { service, _ in .now(service.openAIModels()) }),
    Route(
      method: .get, path: "/v1/models/{id}", summary: "One of them.",
      parameters: [PathParameter(name: "id", summary: "A model's id or alias.")], errors: .openAI,
      replies: [.json(200, "The model.", openAIModel)],
      answer: { service, call in .now(service.openAIModel(call)) }),
  ]

  private static let openAIModel = Shape.named(
    "OpenAIModel",
    .record([
      "id": .text, "object": .choice(["model"]), "created": .integer, "owned_by": .text,
    ]))
}

extension APIService {
  func openAIModels() -> HTTPResponse {
    let models = registry().available.map { Self.openAIModel($0.id) }
    return .json(["object": "list", "data": .array(models)])
  }

  /// Goes by the name that was asked for, which may be an alias.
  func openAIModel(_ call: RouteCall) -> HTTPResponse {
    let name = call.arguments["id"] ?? ""
    let registry = registry()
    guard let entry = registry.find(name), registry.isDownloaded(entry) else {
      return APIError(404, "model_not_found", "The model '\(name)' does not exist").openAIResponse
    }
    return .json(Self.openAIModel(name))
  }

  private static func openAIModel(_ name: String) -> JSONValue {
    // When it was made is not known.
    ["id": .string(name), "object": "model", "created": 0, "owned_by": "darkroom"]
  }
}
