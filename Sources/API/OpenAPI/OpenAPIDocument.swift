import JSON

/// The description of the API in OpenAPI 3.1, made from the routes that are served and the tables that validate
/// their bodies.
struct OpenAPIDocument {
  let routes: [Route]
  /// Darkroom's.
  let version: String
  /// Whether there are tokens.
  let asksForTokens: Bool

  var json: JSONObject {
    var schemas = ShapeSchema()
    var paths = JSONObject()
    for route in routes {
      var path = paths[route.path.text]?.objectValue ?? JSONObject()
      path[route.method.rawValue.lowercased()] = .object(operation(route, &schemas))
      paths[route.path.text] = .object(path)
    }
    var components: JSONObject = ["schemas": .object(schemas.components), "headers": Self.headers]
    if asksForTokens {
      components["securitySchemes"] = ["token": ["type": "http", "scheme": "bearer"]]
    }
    return [
      "openapi": "3.1.0",
      "info": ["title": "Darkroom", "version": .string(version), "description": .string(Self.about)],
      "servers": [["url": "/"]],
      "paths": .object(paths),
      "components": .object(components),
    ]
  }

  private static let about =
    "Makes pictures. Every GET answers HEAD too; OPTIONS answers with Allow. Objects in replies may get more "
    + "members. Numbers may be sent as texts."

  private func operation(_ route: Route, _ schemas: inout ShapeSchema) -> JSONObject {
    var operation: JSONObject = [
      "operationId": .string(route.operationID), "summary": .string(route.summary),
    ]
    if !route.parameters.isEmpty {
      operation["parameters"] = .array(route.parameters.map(Self.parameter))
    }
    if let body = Self.body(route) { operation["requestBody"] = .object(body) }
    operation["responses"] = .object(responses(route, &schemas))
    if asksForTokens { operation["security"] = route.access == .token ? [["token": []]] : [] }
    return operation
  }

  private static func parameter(_ parameter: PathParameter) -> JSONValue {
    [
      "name": .string(parameter.name), "in": "path", "required": true,
      "description": .string(parameter.summary), "schema": ["type": "string", "minLength": 1],
    ]
  }

  private static func body(_ route: Route) -> JSONObject? {
    switch route.body {
    case .none: return nil
    case .json(let table):
      var media: JSONObject = ["schema": FieldSchema.body(table)]
      media["example"] = route.example.map(JSONValue.object)
      return ["required": true, "content": ["application/json": .object(media)]]
    case .jsonOrForm(let table):
      return [
        "required": true,
        "content": [
          "application/json": ["schema": FieldSchema.body(table)],
          "multipart/form-data": ["schema": FieldSchema.body(table, isForm: true)],
        ],
      ]
    case .multipart(let table, let files):
      return [
        "required": true,
        "content": [
          "multipart/form-data": ["schema": FieldSchema.body(table, files: files, isForm: true)]
        ],
      ]
    }
  }

  /// Of one status there may be several replies: of several types, or a refusal beside the route's own.
  private func responses(_ route: Route, _ schemas: inout ShapeSchema) -> JSONObject {
    let common = CommonReply.all(asksForTokens: asksForTokens).filter { $0.isOf(route) }
    let statuses = Set(route.replies.map(\.status) + common.map(\.status)).sorted()
    var responses = JSONObject()
    for status in statuses {
      var replies = route.replies.filter { $0.status == status }
      let refusal = common.first { $0.status == status }
      if let refusal {
        replies.append(.json(status, refusal.summary, refusal.shape(route.errors)))
      }
      responses[String(status)] = .object(
        Self.response(replies, headers: ["X-Request-Id"] + (refusal?.headers ?? []), &schemas))
    }
    return responses
  }

  private static func response(
    _ replies: [Reply], headers: [String], _ schemas: inout ShapeSchema
  ) -> JSONObject {
    var response: JSONObject = ["description": .string(replies.map(\.summary).joined(separator: " Or: "))]
    response["headers"] = .object(
      headers.reduce(into: JSONObject()) { $0[$1] = ["$ref": .string("#/components/headers/\($1)")] })
    var content = JSONObject()
    for reply in replies {
      guard let media = reply.media else { continue }
      var schema =
        reply.shape.map { schemas.schema($0) } ?? ["type": media == "application/json" ? "object" : "string"]
      if let other = content[media]?["schema"] { schema = ["anyOf": [other, .object(schema)]] }
      content[media] = ["schema": .object(schema)]
    }
    if !content.members.isEmpty { response["content"] = .object(content) }
    return response
  }

  private static let headers: JSONValue = [
    "X-Request-Id": [
      "description": "The request's own, if it is 1 to 64 letters, digits and ._-, else a new one.",
      "required": true, "schema": ["type": "string"],
    ],
    "Retry-After": [
      "description": "Seconds after which it may work.", "schema": ["type": "integer", "minimum": 1],
    ],
    "WWW-Authenticate": ["required": true, "schema": ["type": "string"]],
  ]
}

extension Route {
  /// Such as `get_jobs_id`.
  fileprivate var operationID: String {
    let words = path.text.split { !$0.isLetter && !$0.isNumber }
    return ([method.rawValue.lowercased()] + (words.isEmpty ? ["root"] : words.map(String.init)))
      .joined(separator: "_")
  }
}
