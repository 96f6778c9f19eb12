import API
import Foundation
import Generation
import HTTP
import JSON
import Scheduling

/// One event of a `text/event-stream`.
struct SentEvent: Equatable {
  let name: String
  let data: JSONValue

  /// Reads a whole stream (WHATWG HTML §9.2.6), without its comments.
  static func all(in bytes: [UInt8]) -> [SentEvent] {
    String(decoding: bytes, as: UTF8.self).components(separatedBy: "\n\n").compactMap { block in
      var fields: [String: String] = [:]
      for line in block.components(separatedBy: "\n") where !line.hasPrefix(":") {
        let parts = line.split(separator: ":", maxSplits: 1)
        if let name = parts.first {
          fields[String(name)] = parts.dropFirst().first.map { String($0.dropFirst()) }
        }
      }
      guard let name = fields["event"], let data = fields["data"] else { return nil }
      return SentEvent(name: name, data: (try? JSONValue.parse([UInt8](data.utf8))) ?? .null)
    }
  }
}

extension HTTPResponse {
  /// All of the body, the stream's too.
  func read() async -> [UInt8] {
    var bytes = body
    while let piece = await stream?.next() { bytes += piece }
    return bytes
  }

  func events() async -> [SentEvent] { SentEvent.all(in: await read()) }
}

extension Bench {
  /// A request as a connection hands it over, with an id.
  func ask(
    _ method: String, _ path: String, id: String = "", accept: String? = nil, token: String? = nil,
    address: String = "127.0.0.1", body: String = ""
  ) async -> HTTPResponse {
    let request = request(
      method, path, id: id, accept: accept, token: token, address: address, body: body)
    switch service.respond(to: request) {
    case .now(let response, _): return response
    case .later(_, let work): return await work()
    }
  }

  func request(
    _ method: String, _ path: String, id: String = "", accept: String? = nil, token: String? = nil,
    address: String = "127.0.0.1", body: String = ""
  ) -> HTTPRequest {
    var headers: HTTPHeaders = ["Host": "localhost", "Content-Type": "application/json"]
    if let accept { headers.add("Accept", accept) }
    if let token { headers.add("Authorization", "Bearer \(token)") }
    return HTTPRequest(
      method: method, target: path, path: path, headers: headers, body: Array(body.utf8),
      remoteAddress: address, requestID: id)
  }

  func job(_ id: String, token: String? = nil) async -> JSONValue {
    let reply = await ask("GET", "/jobs/\(id)", token: token)
    return reply.status == 200 ? reply.json : .null
  }

  /// Waits until a job is in that state.
  func wait(for id: String, _ state: String, token: String? = nil) async throws {
    while await job(id, token: token)["state"]?.stringValue != state {
      try await Task.sleep(for: .milliseconds(1))
    }
  }
}

/// A bench whose engine works until it is let go, or cancelled.
struct HeldBench {
  let bench: Bench
  private let letGo: AsyncStream<Void>.Continuation

  init(limit: Int = 16, change: (inout APIConfiguration) -> Void = { _ in }) throws {
    let (released, letGo) = AsyncStream.makeStream(of: Void.self)
    self.letGo = letGo
    let engine = ScriptedEngine { request in
      for await _ in released { break }
      try Task.checkCancellation()
      return try .picture(of: request)
    }
    bench = try Bench(engine: engine, queue: JobQueue(limit: limit), change: change)
  }

  /// Lets one picture be finished.
  func release() { letGo.yield() }
}
