import Generation
import Images
import JSON
import Telemetry

/// A part of a reply that is JSON with pictures in it.
enum ReplyPiece: Sendable {
  case json([UInt8])
  /// The base64 of the PNG with this number, in quotation marks.
  case picture(Int)

  static func json(_ text: StaticString) -> ReplyPiece {
    .json(text.withUTF8Buffer { Array($0) })
  }
}

extension APIService {
  /// The reply of `POST /generate`.
  func reply(_ made: MadePictures) async throws -> (body: [UInt8], times: JobTimes) {
    try await reply(made) { times in
      let all = made.all
      let seeds = all.map { JSONValue.number(JSONNumber($0.provenance.request.seed)) }
      var pieces: [ReplyPiece] = [.json(#"{"image":"#), .picture(0)]
      var rest: JSONObject = ["seed": seeds.first ?? .null]
      if all.count > 1 {
        pieces.append(.json(#","images":["#))
        for number in all.indices { pieces += (number == 0 ? [] : [.json(",")]) + [.picture(number)] }
        pieces.append(.json("]"))
        rest["seeds"] = .array(seeds)
      }
      rest["parameters"] = .object(made.first.provenance.parameters)
      rest["timings"] = [
        "queue": tenths(times.queue), "swap": tenths(times.swap), "load": tenths(times.load),
        "text": tenths(times.text), "denoise": tenths(times.denoise), "decode": tenths(times.decode),
        "encode": tenths(times.encode),
      ]
      return pieces + [.json([UInt8(ascii: ",")] + JSONValue.object(rest).encoded().dropFirst())]
    }
  }

  /// JSON with the pictures' base64, which is written straight into one buffer of the reply's size: a picture has
  /// megabytes. Made outside the queue, so that the next job does not wait for it.
  /// - Parameter pieces: of the reply; given the times with that of the encoding.
  func reply(
    _ made: MadePictures, pieces: @escaping @Sendable (JobTimes) -> [ReplyPiece]
  ) async throws -> (body: [UInt8], times: JobTimes) {
    try await workers.runFirst {
      let start = ContinuousClock.now
      let pictures = try made.all.map { try PNG.encode($0.image, text: $0.provenance.chunks) }
      var times = made.times
      times.encode = (ContinuousClock.now - start) / .milliseconds(1)
      return (Self.body(of: pieces(times), pictures), times)
    }
  }

  private static func body(of pieces: [ReplyPiece], _ pictures: [[UInt8]]) -> [UInt8] {
    func size(_ piece: ReplyPiece) -> Int {
      switch piece {
      case .json(let bytes): bytes.count
      case .picture(let number): Base64.length(of: pictures[number].count) + 2
      }
    }
    return [UInt8](unsafeUninitializedCapacity: pieces.reduce(0) { $0 + size($1) }) { buffer, count in
      func write(_ bytes: some Collection<UInt8>) {
        let end = count + bytes.count
        _ = UnsafeMutableBufferPointer(rebasing: buffer[count..<end]).initialize(fromContentsOf: bytes)
        count = end
      }
      for piece in pieces {
        switch piece {
        case .json(let bytes): write(bytes)
        case .picture(let number):
          write(CollectionOfOne(UInt8(ascii: "\"")))
          let end = count + Base64.length(of: pictures[number].count)
          pictures[number].withUnsafeBufferPointer {
            Base64.write($0, to: UnsafeMutableBufferPointer(rebasing: buffer[count..<end]))
          }
          count = end
          write(CollectionOfOne(UInt8(ascii: "\"")))
        }
      }
    }
  }

  /// Milliseconds: tenths are as fine as these clocks are worth reading.
  private func tenths(_ value: Double) -> JSONValue {
    JSONValue(floatLiteral: (value * 10).rounded() / 10)
  }
}
