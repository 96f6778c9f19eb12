import Glibc
import HTTP
import Logging
import Sockets
import Synchronization
import Testing

/// What happened behind the server.
final class Record: Sendable {
  private let events = Mutex<[String]>([])

  func note(_ event: String) { events.withLock { $0.append(event) } }

  func all(_ prefix: String) -> [String] { events.withLock { $0.filter { $0.hasPrefix(prefix) } } }

  /// Waits until `event` was noted; false after five seconds.
  func sees(_ event: String) async throws -> Bool {
    for _ in 0..<500 {
      if events.withLock({ $0.contains(event) }) { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return false
  }
}

/// What a request is remembered by.
final class Note: RequestAccount {
  let text: String

  init(text: String) { self.text = text }
}

/// A handler with a path for each thing a connection has to cope with.
struct Routes: HTTPHandler {
  let record: Record

  func respond(to request: HTTPRequest) -> HTTPReply {
    switch request.path {
    case "/health":
      request.method == "GET" || request.method == "HEAD" ? .now(text(200, "ok")) : .now(text(405))
    case "/generate": request.method == "POST" ? .now(generate(request)) : .now(text(405))
    case "/length": .now(text(200, "\(request.body.count)"))
    case "/id": .now(text(200, "\(request.requestID) \(request.remoteAddress)"))
    case "/big": .now(HTTPResponse(status: 200, body: [UInt8](repeating: 0x61, count: 16 << 20)))
    case "/empty": .now(HTTPResponse(status: 204))
    case "/forged": .now(HTTPResponse(status: 200, headers: ["X-A": "a\r\nX-B: b"], body: [1]))
    case "/stream": .now(HTTPResponse(status: 200, stream: pieces(Int(request.query ?? "") ?? 3)))
    case "/later-stream": .later { HTTPResponse(status: 200, body: [0x3E], stream: pieces(2)) }
    case "/endless": .now(HTTPResponse(status: 200, stream: endless()))
    case "/silent": .now(HTTPResponse(status: 200, body: [0x3E], stream: silent()))
    case "/account": .later(account: Note(text: "kept")) { text(200, "kept") }
    case "/slow": .later { await slow(request) }
    case "/hang": .later { await hang() }
    default: .now(text(404, "nothing here"))
    }
  }

  func refusal(of error: HTTPError, _ partial: HTTPRequest?) -> HTTPResponse {
    text(error.status, error.detail)
  }

  func refusal(ofHead head: HTTPRequest) -> HTTPResponse? {
    head.path == "/closed" ? text(401, "not you, \(head.requestID)") : nil
  }

  func finished(_ exchange: HTTPExchange) {
    let account = (exchange.account as? Note).map { " \($0.text)" } ?? ""
    record.note(
      "finished \(exchange.method) \(exchange.path) \(exchange.status) \(exchange.receivedBytes) "
        + "\(exchange.sentBytes) \(exchange.ending)\(account)")
  }

  /// Pieces of nine bytes, and an empty one among them.
  private func pieces(_ count: Int) -> HTTPBodyStream {
    let left = Mutex(count)
    return HTTPBodyStream {
      let number = left.withLock { left in
        left -= 1
        return left + 1
      }
      if number == 2 { return [] }
      return number > 0 ? [UInt8](repeating: 0x61, count: 9) : nil
    }
  }

  /// Never ends; notes the pieces it was asked for by the hundred.
  private func endless() -> HTTPBodyStream {
    let made = Mutex(0)
    return HTTPBodyStream(hungUp: { [record] in record.note("stream hung up") }) { [record] in
      let number = made.withLock { made in
        made += 1
        return made
      }
      if number.isMultiple(of: 100) { record.note("made \(number)") }
      return [UInt8](repeating: 0x61, count: 16 * 1024)
    }
  }

  /// Says nothing until it is cancelled.
  private func silent() -> HTTPBodyStream {
    HTTPBodyStream(hungUp: { [record] in record.note("stream hung up") }) { [record] in
      record.note("began silence")
      while !Task.isCancelled {
        do { try await Task.sleep(for: .seconds(60)) } catch { break }
      }
      record.note("cancelled silence")
      return nil
    }
  }

  private func generate(_ request: HTTPRequest) -> HTTPResponse {
    guard request.headers["content-type"] == "application/json" else { return text(415) }
    let named = String(decoding: request.body, as: UTF8.self).contains("no-such-model-7f3a")
    return text(named ? 404 : 422)
  }

  private func slow(_ request: HTTPRequest) async -> HTTPResponse {
    record.note("began slow")
    do {
      try await Task.sleep(for: .milliseconds(Int(request.query ?? "") ?? 500))
      return text(200, "slow")
    } catch {
      record.note("cancelled slow")
      return text(503, "cancelled")
    }
  }

  /// Ends by being cancelled only.
  private func hang() async -> HTTPResponse {
    record.note("began hang")
    while !Task.isCancelled {
      do { try await Task.sleep(for: .seconds(60)) } catch { break }
    }
    record.note("cancelled hang")
    return text(503, "cancelled")
  }

  private func text(_ status: Int, _ words: String = "") -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": "text/plain"], body: [UInt8](words.utf8))
  }
}

/// Keeps log lines as `level message`.
struct RecordingLog: LogHandler {
  let record: Record
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    record.note("log \(event.level) \(event.message)")
  }
}

/// Runs `body` against a server on a free port, and stops the server.
func withServer<Value>(
  _ change: (inout ServerConfiguration) -> Void = { _ in },
  _ body: (HTTPServer, Record) async throws -> Value
) async throws -> Value {
  var configuration = ServerConfiguration(host: "127.0.0.1", port: 0)
  change(&configuration)
  let record = Record()
  let logger = Logger(label: "test") { _ in RecordingLog(record: record) }
  let server = try HTTPServer(configuration: configuration, handler: Routes(record: record), logger: logger)
  server.start()
  do {
    let value = try await body(server, record)
    await server.stop(drain: .zero)
    return value
  } catch {
    await server.stop(drain: .zero)
    throw error
  }
}

/// Runs client code against a server.
func exchange<Value: Sendable>(
  _ change: (inout ServerConfiguration) -> Void = { _ in },
  _ client: @escaping @Sendable (Int) throws -> Value
) async throws -> Value {
  try await withServer(change) { server, _ in
    let port = server.port
    return try await blocking { try client(port) }
  }
}

let health = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n"

func get(_ path: String, _ fields: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"
}

func post(_ path: String, _ fields: String, _ body: String = "") -> String {
  "POST \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\(body)"
}
