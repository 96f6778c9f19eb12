import Generation
import Images
import JSON
import Telemetry

extension APIService {
  /// The reply of `POST /generate`.
  func reply(_ made: MadePicture) async throws -> (body: [UInt8], times: JobTimes) {
    try await reply(made, before: #"{"image":""#) { times in
      let rest: JSONValue = [
        "seed": .number(JSONNumber(made.plan.request.seed)),
        "parameters": .object(made.provenance.parameters),
        "timings": [
          "queue": tenths(times.queue), "swap": tenths(times.swap), "load": tenths(times.load),
          "text": tenths(times.text), "denoise": tenths(times.denoise), "decode": tenths(times.decode),
          "encode": tenths(times.encode),
        ],
      ]
      return [UInt8(ascii: "\""), UInt8(ascii: ",")] + rest.encoded().dropFirst()
    }
  }

  /// JSON around the PNG's base64, which is written straight from the encoder's memory into one buffer of the reply's
  /// size: a picture has megabytes. Made outside the queue, so that the next job does not wait for it.
  /// - Parameters:
  ///   - before: up to and with the quotation mark that opens the picture.
  ///   - after: from the closing one on; given the times with that of the encoding.
  func reply(
    _ made: MadePicture, before: StaticString, after: @escaping @Sendable (JobTimes) -> [UInt8]
  ) async throws -> (body: [UInt8], times: JobTimes) {
    try await workers.run {
      let start = ContinuousClock.now
      return try PNG.withEncoded(made.image, text: made.provenance.chunks) { png in
        var times = made.times
        times.encode = (ContinuousClock.now - start) / .milliseconds(1)
        let tail = after(times)
        let (head, middle) = (before.utf8CodeUnitCount, Base64.length(of: png.count))
        let size = head + middle + tail.count
        let body = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
          for index in 0..<head { buffer.initializeElement(at: index, to: before.utf8Start[index]) }
          Base64.write(png, to: .init(rebasing: buffer[head..<head + middle]))
          _ = UnsafeMutableBufferPointer(rebasing: buffer[(head + middle)...]).initialize(from: tail)
          count = size
        }
        return (body, times)
      }
    }
  }

  /// Milliseconds: tenths are as fine as these clocks are worth reading.
  private func tenths(_ value: Double) -> JSONValue {
    JSONValue(floatLiteral: (value * 10).rounded() / 10)
  }
}
