import Foundation
import Testing

/// A row of Fixtures/replay.tsv: raw bytes, and what may come of them.
struct Case: Sendable, CustomTestStringConvertible {
  var name: String
  var text: String
  var statuses: String
  var count: Int
  var connection: String

  var testDescription: String { name }

  static let all: [Case] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/replay.tsv")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").map { line in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return Case(
        name: cells[1], text: cells[2], statuses: cells[3], count: Int(cells[4]) ?? 0, connection: cells[5])
    }
  }()

  /// The bytes, with escapes and `{N*text}` runs undone.
  func bytes(host: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text.replacing("{HOST}", with: host)[...]
    while let run = rest.firstMatch(of: /\{(\d+)\*((?:[^}\\]|\\.)*)\}/) {
      bytes += unescaped(rest[..<run.range.lowerBound])
      let piece = unescaped(run.2)
      for _ in 0..<(Int(run.1) ?? 0) { bytes += piece }
      rest = rest[run.range.upperBound...]
    }
    return bytes + unescaped(rest)
  }

  private func unescaped(_ text: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    var characters = text.unicodeScalars.makeIterator()
    while let character = characters.next() {
      guard character == "\\", let kind = characters.next() else {
        bytes += Array(String(character).utf8)
        continue
      }
      switch kind {
      case "r": bytes.append(13)
      case "n": bytes.append(10)
      case "t": bytes.append(9)
      case "x":
        let digits = [characters.next(), characters.next()].compactMap { $0.map(String.init) }.joined()
        bytes.append(UInt8(digits, radix: 16) ?? 0)
      default: bytes += Array(String(kind).utf8)
      }
    }
    return bytes
  }

  /// Whether the status of the response at `index` is acceptable: `{a,b}`, `{a..b}` or `seq a/b`.
  func allows(_ status: Int, at index: Int) -> Bool {
    if statuses.hasPrefix("seq ") {
      let wanted = statuses.dropFirst(4).split(separator: "/").compactMap { Int($0) }
      return wanted[index % wanted.count] == status
    }
    let inner = statuses.dropFirst().dropLast()
    if let range = inner.firstMatch(of: /(\d+)\.\.(\d+)/), let low = Int(range.1), let high = Int(range.2) {
      return (low...high).contains(status)
    }
    return inner.split(separator: ",").contains { Int($0) == status }
  }
}

@Suite(.serialized) struct ReplayTests {
  @Test func thereAreCases() { #expect(Case.all.count == 131) }

  /// Each row, sent raw; the number of responses, their statuses and the fate of the connection are checked.
  @Test(arguments: Case.all) func replay(row: Case) async throws {
    let problem = try await exchange { port in try Self.problem(row, port: port) }
    #expect(problem == nil)
  }

  private static func problem(_ row: Case, port: Int) throws -> String? {
    let client = try Client(port: port)
    let bytes = row.bytes(host: "127.0.0.1:\(port)")
    if row.connection.contains("split") {
      for start in stride(from: 0, to: bytes.count, by: 7) {
        client.send(Array(bytes[start..<min(start + 7, bytes.count)]))
      }
    } else {
      client.send(bytes)
    }
    if row.connection.contains("half-closes") { client.halfClose() }

    let isHead = row.text.hasPrefix("HEAD")
    for index in 0..<row.count {
      if row.connection.contains("waiting ok"), index == 0, client.isQuiet(milliseconds: 200) { return nil }
      guard var reply = try client.reply(toHead: isHead) else {
        return row.connection.contains("silent close ok") ? nil : "closed before response \(index)"
      }
      while reply.status == 100 { reply = try client.mustReply(toHead: isHead) }
      if !row.allows(reply.status, at: index) { return "response \(index) is \(reply.status)" }
      if reply.status >= 500, reply.status != 501, reply.status != 505 { return "status \(reply.status)" }
    }
    if row.connection.hasPrefix("closed") {
      let rest = try client.rest()
      return rest.isEmpty ? nil : "more came: \(String(decoding: rest, as: UTF8.self))"
    }
    if row.connection.hasPrefix("kept") {
      client.send(health)
      let next = try client.mustReply()
      return next.status == 200 ? nil : "the next request got \(next.status)"
    }
    if client.isQuiet(milliseconds: 30) { return nil }
    return try client.reply() == nil ? nil : "one response too many"
  }
}
