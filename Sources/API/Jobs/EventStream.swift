import HTTP
import JSON
import Scheduling
import Synchronization

/// The events of a job as `text/event-stream`, piece by piece.
final class EventStream: Sendable {
  private let job: RunningJob
  private let quiet: Duration
  private let state: Mutex<(pieces: [[UInt8]], isOver: Bool)>

  /// - Parameters:
  ///   - first: an event that was already taken.
  ///   - quiet: after so long without an event, a comment keeps the connection open.
  init(_ job: RunningJob, first: JobEvent, quiet: Duration = .seconds(10)) {
    (self.job, self.quiet) = (job, quiet)
    state = Mutex((Self.pieces(of: first, job.id), false))
  }

  /// The next piece; `nil` after the last.
  func next() async -> [UInt8]? {
    if let piece = take() { return piece }
    if state.withLock({ $0.isOver }) { return nil }
    guard let event = await job.events.next(within: quiet) else { return ServerSentEvent.comment }
    state.withLock { state in
      state.pieces = Self.pieces(of: event, job.id)
      if case .ended = event { state.isOver = true }
    }
    return take()
  }

  private func take() -> [UInt8]? {
    state.withLock { $0.pieces.isEmpty ? nil : $0.pieces.removeFirst() }
  }

  private static func pieces(of event: JobEvent, _ id: String) -> [[UInt8]] {
    func piece(_ name: String, _ data: JSONValue) -> [[UInt8]] {
      [ServerSentEvent.bytes(name, data: data.encoded())]
    }
    switch event {
    case .queued(let ahead): return piece("queued", ["id": .string(id), "position": integer(ahead)])
    case .loading(let model, let bytes, let total):
      return piece("loading", ["model": .string(model), "bytes": integer(bytes), "total": integer(total)])
    case .step(let step, let steps, let left):
      return piece("step", ["step": integer(step), "steps": integer(steps), "eta_s": seconds(left)])
    case .preview(let step, let jpeg):
      return piece(
        "preview", ["image": .string(jpeg.withUnsafeBufferPointer(Base64.encoded)), "step": integer(step)])
    case .ended(let outcome):
      let reply = JobReply(outcome)
      // A picture's reply has megabytes: it is sent as it is, not copied into an event.
      if reply.status == 200 {
        return [Array("event: completed\ndata: ".utf8), reply.body, Array("\n\n".utf8)]
      }
      var opening = #"{"status":\#(reply.status),"#
      if let seconds = reply.retryAfter { opening += #""retry_after":\#(seconds),"# }
      return [ServerSentEvent.bytes("error", data: Array(opening.utf8) + reply.body.dropFirst())]
    }
  }

  private static func integer(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }

  /// Tenths of a second.
  static func seconds(_ value: Double?) -> JSONValue {
    value.map { JSONValue(floatLiteral: ($0 * 10).rounded() / 10) } ?? .null
  }
}

extension HTTPHeaders {
  /// Whether events are accepted and no less than JSON (RFC 9110 §12.5.1). They must be named: `*/*` is everyone's.
  var preferEvents: Bool {
    var qualities: [String: Double] = [:]
    for range in all("Accept").flatMap({ $0.split(separator: ",") }) {
      let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
      guard let media = parts.first else { continue }
      let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      qualities[media] = quality
    }
    let events = qualities["text/event-stream"] ?? 0
    return events > 0 && events >= qualities["application/json"] ?? 0
  }
}
