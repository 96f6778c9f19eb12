import JSON

/// JSON Schema of replies; shapes with names are written once, under `components`.
struct ShapeSchema {
  /// By name.
  private(set) var components = JSONObject()

  mutating func schema(_ shape: Shape) -> JSONObject {
    switch shape {
    case .object(let members):
      var properties = JSONObject()
      for member in members { properties[member.name] = .object(schema(member.shape)) }
      let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
      return ["type": "object", "properties": .object(properties), "required": .array(required)]
    case .map(let shape): return ["type": "object", "additionalProperties": .object(schema(shape))]
    case .array(let shape): return ["type": "array", "items": .object(schema(shape))]
    case .text: return ["type": "string"]
    case .integer: return ["type": "integer"]
    case .number: return ["type": "number"]
    case .boolean: return ["type": "boolean"]
    case .choice(let choices): return ["type": "string", "enum": .array(choices.map(JSONValue.string))]
    case .nullable(let shape):
      var schema = schema(shape)
      if schema["type"] == nil { return ["anyOf": [.object(schema), ["type": "null"]]] }
      schema.allowNull()
      return schema
    case .any: return [:]
    case .either(let one, let other):
      return ["anyOf": [.object(schema(one)), .object(schema(other))]]
    case .named(let name, let shape):
      // Before what it is made of, for readers.
      if components[name] == nil {
        components[name] = [:]
        components[name] = .object(schema(shape))
      }
      return ["$ref": .string("#/components/schemas/\(name)")]
    }
  }
}
