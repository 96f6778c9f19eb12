import HTTP
import Testing

/// What a parser made of some bytes: the requests, and the status it refused the rest with.
struct Outcome: Equatable, CustomStringConvertible {
  var requests: [String] = []
  var refused: Int?

  var description: String { "\(requests) \(refused.map(String.init) ?? "-")" }
}

/// Every way the same bytes may arrive.
enum Cut: CaseIterable {
  case whole, byteByByte, sevens

  func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
    let size =
      switch self {
      case .whole: max(bytes.count, 1)
      case .byteByByte: 1
      case .sevens: 7
      }
    return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
  }
}

/// `METHOD path?query VERSION body`, with `+` before each header other than Host.
func summary(_ request: HTTPRequest) -> String {
  let version = request.version == .http11 ? "1.1" : "1.0"
  let query = request.query.map { "?" + $0 } ?? ""
  let body = String(decoding: request.body, as: UTF8.self)
  return "\(request.method) \(request.path)\(query) \(version) \(body)"
}

func run(_ bytes: [UInt8], _ cut: Cut, limits: HTTPLimits = HTTPLimits()) -> Outcome {
  var parser = RequestParser(limits: limits)
  var outcome = Outcome()
  do {
    for piece in cut.pieces(bytes) {
      parser.append(piece)
      while let event = try parser.next() {
        if case .request(let request) = event { outcome.requests.append(summary(request)) }
      }
    }
  } catch {
    outcome.refused = error.status
  }
  return outcome
}

let follower = [UInt8]("GET /next HTTP/1.1\r\nHost: h\r\n\r\n".utf8)

/// The outcome, the same for every cut or else the odd one; with `follower` behind, an accepted row must leave
/// it whole and a refused one must not let it through.
func outcomes(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) -> [Outcome] {
  Cut.allCases.map { run(bytes, $0, limits: limits) }
}

func outcomesFollowed(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) -> [Outcome] {
  Cut.allCases.map { run(bytes + follower, $0, limits: limits) }
}

struct Row: CustomTestStringConvertible, Sendable {
  var name: String
  var bytes: [UInt8]
  var want: Want

  enum Want: Sendable {
    case requests([String])
    case refused(Int)
  }

  init(_ name: String, _ text: String, _ want: Want) {
    self.init(name, bytes: [UInt8](text.utf8), want)
  }

  init(_ name: String, bytes: [UInt8], _ want: Want) {
    self.name = name
    self.bytes = bytes
    self.want = want
  }

  var testDescription: String { name }

  var expected: Outcome {
    switch want {
    case .requests(let requests): Outcome(requests: requests)
    case .refused(let status): Outcome(refused: status)
    }
  }

  var expectedFollowed: Outcome {
    switch want {
    case .requests(let requests): Outcome(requests: requests + ["GET /next 1.1 "])
    case .refused(let status): Outcome(refused: status)
    }
  }
}
