import Dispatch
import Glibc

/// A response as the client read it.
struct Reply: Sendable, Equatable {
  var status: Int
  var headers: [String: String]
  var body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
}

struct ClientError: Error, CustomStringConvertible {
  let description: String
}

/// A blocking TCP client, with a limit on how long it waits. Use it off the cooperative pool: see `blocking`.
final class Client {
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isClosed = false

  init(port: Int, timeout: Int = 10, receiveBuffer: Int32? = nil, connecting: Bool = true) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var limit = timeval(tv_sec: timeout, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    if connecting { try connect(port: port) }
  }

  func connect(port: Int) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw ClientError(description: "connect: errno \(errno)") }
  }

  deinit { close() }

  func close() {
    if !isClosed { _ = Glibc.close(descriptor) }
    isClosed = true
  }

  /// Closes by a reset instead of an end of stream.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    close()
  }

  func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Sends all, or as much as a server that closes takes; returns how much.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Int {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { break }
      sent += count
    }
    return sent
  }

  @discardableResult
  func send(_ text: String) -> Int { send([UInt8](text.utf8)) }

  /// Reads the next response; `nil` at the end of the stream.
  func reply(toHead: Bool = false) throws -> Reply? {
    while true {
      if let (reply, used) = try parse(toHead: toHead) {
        buffer.removeFirst(used)
        return reply
      }
      guard try fill() else {
        if buffer.isEmpty { return nil }
        throw ClientError(description: "cut off: \(String(decoding: buffer, as: UTF8.self))")
      }
    }
  }

  func mustReply(toHead: Bool = false) throws -> Reply {
    guard let reply = try reply(toHead: toHead) else { throw ClientError(description: "closed, no response") }
    return reply
  }

  /// Reads interim responses and the final one that follows them; returns it and how many there were.
  func mustFinal() throws -> (reply: Reply, interims: Int) {
    var interims = 0
    while true {
      let reply = try mustReply()
      if reply.status >= 200 { return (reply, interims) }
      guard reply.status == 100, reply.headers.isEmpty else {
        throw ClientError(description: "not a bare 100: \(reply)")
      }
      interims += 1
    }
  }

  /// Reads until the server closes.
  func rest() throws -> [UInt8] {
    while try fill() {}
    defer { buffer = [] }
    return buffer
  }

  /// Whether the server says nothing and closes nothing for so long.
  func isQuiet(milliseconds: Int32) -> Bool {
    var descriptors = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return buffer.isEmpty && poll(&descriptors, 1, milliseconds) == 0
  }

  private func fill() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    let count = recv(descriptor, &piece, piece.count, 0)
    let code = errno
    if count < 0 { throw ClientError(description: "recv: errno \(code), after \(buffer.count) bytes") }
    buffer.append(contentsOf: piece[..<count])
    return count > 0
  }

  private func parse(toHead: Bool) throws -> (Reply, Int)? {
    guard let end = headEnd() else { return nil }
    let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
    guard let first = lines.first, first.hasPrefix("HTTP/1.1 "),
      let status = Int(first.split(separator: " ")[1])
    else { throw ClientError(description: "not a response: \(lines)") }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { throw ClientError(description: "not a header: \(line)") }
      let name = parts[0].lowercased()
      guard headers[name] == nil else { throw ClientError(description: "twice: \(name)") }
      headers[name] = String(parts[1].drop { $0 == " " })
    }
    let start = end + 4
    let length = toHead || status < 200 ? 0 : Int(headers["content-length"] ?? "0") ?? 0
    guard buffer.count >= start + length else { return nil }
    let body = Array(buffer[start..<(start + length)])
    return (Reply(status: status, headers: headers, body: body), start + length)
  }

  private func headEnd() -> Int? {
    guard buffer.count >= 4 else { return nil }
    return (0...(buffer.count - 4)).first { buffer[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
  }
}

/// Runs blocking work on a thread of its own: the cooperative pool must stay free for the server's tasks.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue(label: "client").async { continuation.resume(with: Result(catching: work)) }
  }
}
