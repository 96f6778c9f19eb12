import API
import Foundation
import Glibc
import Logging
import Registry
import Scheduling
import Sockets
import TestSupport
import Testing
import Wire

/// A server on a port of its own, before the fake engine as a child process.
final class LiveServer: Sendable {
  let queue = JobQueue(limit: 16)
  let engine: RemoteEngine
  private let server: HTTPServer
  private let temporary: TemporaryFolder

  init(stepMilliseconds: Int) throws {
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    temporary = try TemporaryFolder()
    let folder = temporary.url
    try temporary.write("weights", to: "animagine.safetensors")
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let executable = (tests as NSString).deletingLastPathComponent + "/fake-engine"
    engine = try RemoteEngine(
      .init(executable: executable, arguments: ["--step-ms", String(stepMilliseconds)]), logger: quiet)
    let registry = ModelRegistry(models: Bench.models(in: folder).filter { $0.id == "animagine" })
    let service = APIService(
      engine: engine, queue: queue, registry: { registry }, folders: AdapterFolders(models: folder.path),
      workers: WorkPool(threads: 1, limit: 8, name: "test"), configuration: APIConfiguration(version: "1.2.3")
    )
    server = try HTTPServer(
      configuration: ServerConfiguration(host: "127.0.0.1", port: 0), handler: service, logger: quiet)
    server.start()
  }

  /// Connects and sends a request for a picture.
  func post(_ body: String, headers: String...) throws -> Connection {
    let connection = try Connection(port: server.port)
    let head = [
      "POST /generate HTTP/1.1", "Host: localhost", "Content-Type: application/json",
      "Content-Length: \(body.utf8.count)",
    ]
    connection.send((head + headers).joined(separator: "\r\n") + "\r\n\r\n" + body)
    return connection
  }

  /// One request whose answer is read to its end.
  func get(_ path: String, method: String = "GET") async throws -> String {
    let connection = try Connection(port: server.port)
    connection.send("\(method) \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n")
    return try await connection.read { _ in false }
  }

  func stop() async {
    await server.stop(drain: .zero)
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [engine] in
        engine.stop()
        continuation.resume()
      }
    }
  }

  /// A client's end of a TCP connection.
  final class Connection: Sendable {
    private let descriptor: Int32

    fileprivate init(port: Int) throws {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      var limit = timeval(tv_sec: 20, tv_usec: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      try #require(result == 0)
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
      let bytes = Array(text.utf8)
      _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Closes the connection, which the server sees as a reset.
    func hangUp() {
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
      // In its place, so that `deinit` closes no one else's descriptor.
      let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
      dup2(null, descriptor)
      close(null)
    }

    /// Reads until `isEnough` or the end, on a thread of its own.
    func read(until isEnough: @escaping @Sendable (String) -> Bool) async throws -> String {
      await withCheckedContinuation { continuation in
        Thread.detachNewThread { [descriptor] in
          var bytes: [UInt8] = []
          var buffer = [UInt8](repeating: 0, count: 1 << 16)
          while !isEnough(String(decoding: bytes, as: UTF8.self)) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { break }
            bytes += buffer.prefix(count)
          }
          continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
        }
      }
    }
  }
}
