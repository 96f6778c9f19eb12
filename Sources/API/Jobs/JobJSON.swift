import JSON
import Scheduling

extension JobRecord {
  static let shape = Shape.named("Job", .record(members))

  /// With the reply of a detached job that completed; null once it had to give way to others.
  static let detailShape = Shape.named(
    "JobDetail",
    .object(
      members.map { .init(name: $0.key, shape: $0.value) }
        + [.init(name: "result", shape: .nullable(.named("Picture", Route.picture)), isRequired: false)]))

  private static let members: KeyValuePairs<String, Shape> = [
    "id": .text, "state": .choice(State.allCases.map(\.rawValue)), "model": .text,
    "position": .nullable(.integer),
    "loading": .nullable(.record(["bytes": .integer, "total": .integer])), "step": .integer,
    "steps": .integer, "eta_s": .nullable(.number), "created": .number, "started": .nullable(.number),
    "ended": .nullable(.number), "detached": .boolean,
    "error": .nullable(.record(["status": .integer, "code": .text, "detail": .text])),
  ]

  var json: JSONValue {
    [
      "id": .string(id), "state": .string(state.rawValue), "model": .string(model),
      "position": ahead.map(integer) ?? .null,
      "loading": loading.map { ["bytes": integer($0.bytes), "total": integer($0.total)] } ?? .null,
      "step": integer(step), "steps": integer(steps), "eta_s": EventStream.seconds(secondsLeft),
      "created": time(created), "started": time(started), "ended": time(ended), "detached": .bool(isDetached),
      "error": failure.map { failure in
        [
          "status": integer(failure.status), "code": .string(ErrorBody(failure.body).code),
          "detail": .string(ErrorBody(failure.body).sentence),
        ]
      } ?? .null,
    ]
  }

  /// Without a reply, which is gone where there was one.
  var detail: JSONValue {
    guard state == .completed, isDetached, case .object(var object) = json else { return json }
    object["result"] = .null
    return .object(object)
  }

  private func integer(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }

  /// Seconds since 1970, to the millisecond.
  private func time(_ value: Double?) -> JSONValue {
    value.map { JSONValue(floatLiteral: ($0 * 1000).rounded() / 1000) } ?? .null
  }
}

/// An error's body, read back.
struct ErrorBody {
  let code: String
  /// Its words; of a list of mistakes one line each, with the field.
  let sentence: String

  init(_ body: [UInt8]) {
    let json = (try? JSONValue.parse(body)) ?? .null
    code = json["code"]?.stringValue ?? ""
    let lines = (json["detail"]?.arrayValue ?? []).compactMap { issue -> String? in
      guard let message = issue["msg"]?.stringValue else { return nil }
      guard let field = issue["loc"]?.arrayValue?.last?.stringValue else { return message }
      return "\(field): \(message)"
    }
    sentence = json["detail"]?.stringValue ?? lines.joined(separator: "\n")
  }
}
