import Foundation
import HTTP
import Images
import JSON
import Testing

@testable import API

/// Probes every bound that the description states, on both sides, against the validator.
@Suite struct FieldSchemaTests {
  struct Probe: CustomTestStringConvertible, Sendable {
    let route: String
    let table: FieldTable
    /// Where the value stands.
    let place: [String]
    let schema: JSONValue
    /// Forms have no null.
    let isForm: Bool
    /// A value in its place, and around it what a right body has there.
    let body: @Sendable (JSONValue) -> JSONObject

    var testDescription: String { "\(route) \(place.joined(separator: "."))" }
    var field: String { place.last ?? "" }

    /// Whether `value` is taken, the rest of the body being as it must.
    func takes(_ value: JSONValue) -> Bool {
      do {
        _ = try table.validate(body(value))
        return true
      } catch {
        return false
      }
    }

    /// This one, and those of the members of its objects.
    var all: [Probe] {
      let objects = [schema, schema["items"]].compactMap(\.self).flatMap {
        [$0] + ($0["anyOf"]?.arrayValue ?? [])
      }
      .filter { $0["properties"] != nil }
      let isList = schema["items"] != nil
      return [self]
        + objects.flatMap { object in
          (object["properties"]?.objectValue?.members ?? []).flatMap { member in
            Probe(
              route: route, table: table, place: place + [member.key], schema: member.value, isForm: false,
              body: { [body] value in
                var around = FieldSchemaTests.sample(object).objectValue ?? JSONObject()
                around[member.key] = value
                return body(isList ? [.object(around)] : .object(around))
              }
            ).all
          }
        }
    }
  }

  private static let png: JSONValue = {
    let picture = RGBImage(width: 1, height: 1, pixels: [1, 2, 3])
    return .string((try? picture.map { Data(try PNG.encode($0)).base64EncodedString() }) ?? "")
  }()

  /// A value that the schema means.
  static func sample(_ schema: JSONValue) -> JSONValue {
    if let choice = schema["enum"]?.arrayValue?.first { return choice }
    if let other = schema["anyOf"]?.arrayValue?.first { return sample(other) }
    if let least = schema["minimum"] { return least }
    if schema["contentEncoding"] != nil { return png }
    if let required = schema["required"]?.arrayValue {
      return .object(
        required.compactMap(\.stringValue).reduce(into: JSONObject()) { object, name in
          object[name] = sample(schema["properties"]?[name] ?? .null)
        })
    }
    return schema["items"] == nil ? "a" : []
  }

  static let probes: [Probe] = Route.all.flatMap { route in
    let kinds: [(FieldTable, JSONValue, Bool)] =
      switch route.body {
      case .none: []
      case .json(let table): [(table, FieldSchema.body(table), false)]
      case .jsonOrForm(let table):
        [(table, FieldSchema.body(table), false), (table, FieldSchema.body(table, isForm: true), true)]
      case .multipart(let table, let files):
        [(table, FieldSchema.body(table, files: files, isForm: true), true)]
      }
    return kinds.flatMap { table, schema, isForm in
      table.fields.flatMap { field -> [Probe] in
        guard let described = schema["properties"]?[field.name] else { return [] }
        // A form's pictures are files: what the table is given then is their base64.
        if isForm, described["contentMediaType"] != nil { return [] }
        return Probe(
          route: route.path.text, table: table, place: [field.name], schema: described, isForm: isForm,
          body: { value in
            var body = JSONObject()
            for field in table.fields where field.isRequired { body[field.name] = "a" }
            body[field.name] = value
            return body
          }
        ).all
      }
    }
  }

  @Test func everyFieldIsDescribedAndNoOther() throws {
    for route in Route.all {
      let table: FieldTable
      switch route.body {
      case .json(let fields), .jsonOrForm(let fields): table = fields
      case .none, .multipart: continue
      }
      let schema = FieldSchema.body(table)
      #expect(schema["properties"]?.keys == table.fields.map(\.name))
      #expect(schema["required"]?.arrayValue?.compactMap(\.stringValue) == ["prompt"])
      #expect(schema["additionalProperties"] == false)
      #expect(throws: APIError.self) { try table.validate(["prompt": "a", "lora_nmae": 1]) }
    }
    #expect(Self.probes.count > 150)
    #expect(Self.probes.contains { $0.place == ["control", "low_threshold"] })
    #expect(Self.probes.contains { $0.place == ["reference_images", "weight"] })
  }

  @Test(arguments: probes) func bounds(probe: Probe) throws {
    let schema = probe.schema
    let kinds = [schema] + (schema["anyOf"]?.arrayValue ?? [])
    let types = Set(
      kinds.flatMap { kind in
        kind["type"]?.stringValue.map { [$0] } ?? kind["type"]?.arrayValue?.compactMap(\.stringValue) ?? []
      })
    if let choices = schema["enum"]?.arrayValue {
      for choice in choices where choice != .null { #expect(probe.takes(choice), "\(choice)") }
      #expect(!probe.takes("no such choice"))
    } else {
      #expect(!types.isEmpty)
    }
    let isNullable = types.contains("null") || schema["enum"]?.arrayValue?.contains(.null) == true
    #expect(probe.takes(.null) == isNullable || probe.isForm)
    let whole = schema["multipleOf"]?.numberValue?.int ?? 1
    if let least = schema["minimum"]?.numberValue {
      try edge(probe, least, step: -whole)
      try edge(probe, try #require(schema["maximum"]?.numberValue), step: whole)
    }
    if whole > 1, let least = schema["minimum"]?.numberValue?.int {
      #expect(!probe.takes(.number(JSONNumber(least + 1))))
    }
    if let longest = schema["maxLength"]?.numberValue?.int, probe.field != "scheduler" {
      let least = try #require(schema["minLength"]?.numberValue?.int)
      #expect(probe.takes(.string(String(repeating: "é", count: longest))) || probe.field == "size")
      #expect(!probe.takes(.string(String(repeating: "é", count: longest + 1))))
      #expect(probe.takes(.string(String(repeating: "a", count: least))) || probe.field == "size")
      if least > 0 { #expect(!probe.takes(.string(String(repeating: "a", count: least - 1)))) }
    }
    for kind in kinds {
      guard let longest = kind["maxItems"]?.numberValue?.int else { continue }
      // A form's list of pictures is given their base64.
      let isFile = kind["items"]?["anyOf"]?.arrayValue?.first?["contentMediaType"] != nil
      let element = isFile ? Self.png : Self.sample(kind["items"] ?? .null)
      #expect(probe.takes(.array(Array(repeating: element, count: longest))))
      #expect(!probe.takes(.array(Array(repeating: element, count: longest + 1))))
    }
    for kind in kinds where kind["properties"] != nil {
      let object = Self.sample(kind)
      #expect(kind["additionalProperties"] == false)
      #expect(probe.takes(object))
      #expect(!probe.takes(.object((object.objectValue ?? JSONObject()).with("lora_nmae", 1))))
    }
    if schema["contentEncoding"] != nil { #expect(probe.takes(Self.png) && !probe.takes("a")) }
    if schema["pattern"] != nil { #expect(!probe.takes("a\u{0}b")) }
    // What is of none of the described types.
    if !types.contains("object") { #expect(!probe.takes(["a": 1])) }
    if !types.contains("array") { #expect(!probe.takes([])) }
    if types == ["null"] { for value in ["", "a", 0, true] as [JSONValue] { #expect(!probe.takes(value)) } }
  }

  /// The bound itself is in, the next value beyond it is not.
  private func edge(_ probe: Probe, _ bound: JSONNumber, step: Int) throws {
    #expect(probe.takes(.number(bound)))
    if let whole = bound.int {
      let (next, overflow) = whole.addingReportingOverflow(step)
      let beyond: JSONValue =
        overflow ? try .parse(Array("9223372036854775808".utf8)) : .number(JSONNumber(next))
      #expect(!probe.takes(beyond))
    } else {
      let value = try #require(bound.double)
      #expect(!probe.takes(JSONValue(floatLiteral: step < 0 ? value.nextDown : value.nextUp)))
    }
  }
}
