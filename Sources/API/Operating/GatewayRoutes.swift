import Foundation
import Generation
import HTTP
import JSON
import Scheduling

extension Route {
  static let gatewayStatus = Shape.record([
    "admission_control": .record([
      "gpu_heavy.images": .record(["limit": .integer, "available": .integer, "inflight": .integer])
    ]),
    "backend_health": .record([
      "gpu_heavy": .record([
        "healthy": .boolean, "ready": .boolean, "last_check": .number, "error": .nullable(.text),
      ])
    ]),
  ])
}

extension APIService {
  func gatewayReply() -> HTTPResponse {
    let (queue, lack) = (queue.snapshot, lack)
    let inflight = queue.running + queue.waiting
    let now = (Date().timeIntervalSince1970 * 1000).rounded() / 1000
    return .json([
      "admission_control": [
        "gpu_heavy.images": [
          "limit": .number(JSONNumber(queue.limit)),
          "available": .number(JSONNumber(max(0, queue.limit - inflight))),
          "inflight": .number(JSONNumber(inflight)),
        ]
      ],
      "backend_health": [
        "gpu_heavy": [
          "healthy": .bool(engine.status.state == .ready), "ready": .bool(lack == nil),
          "last_check": JSONValue(floatLiteral: now), "error": lack.map(JSONValue.string) ?? .null,
        ]
      ],
    ])
  }
}
