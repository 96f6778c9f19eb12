import Foundation
import Safetensors
import Testing

/// A system that hands out data in pieces, is interrupted, or fails at the k-th call.
@Suite struct FullReadTests {
  private let source = (0..<100).map { UInt8($0) }

  private func fill(_ count: Int, from offset: Int, _ answers: [FullRead.Step]) -> Result<[UInt8], any Error>
  {
    var rest = answers[...]
    return Result {
      var bytes = [UInt8](repeating: 0xEE, count: count)
      try bytes.withUnsafeMutableBytes { buffer in
        try FullRead.fill(buffer, from: offset) { part, place in
          let answer = rest.popFirst() ?? .read(bytes: part.count)
          if case .read(let bytes) = answer { part.copyBytes(from: source[place..<place + bytes]) }
          return answer
        }
      }
      return bytes
    }
  }

  private func kind(_ result: Result<[UInt8], any Error>) -> SafetensorsError.Kind? {
    guard case .failure(let error) = result else { return nil }
    return (error as? FullRead.Failure)?.kind
  }

  @Test func piecesAndInterruptions() throws {
    let steps: [FullRead.Step] = [
      .read(bytes: 1), .failed(errno: EINTR), .read(bytes: 7), .failed(errno: EINTR), .failed(errno: EINTR),
    ]
    #expect(try fill(20, from: 5, steps).get() == Array(5..<25))
    #expect(try fill(20, from: 0, Array(repeating: .read(bytes: 1), count: 20)).get() == Array(0..<20))
    #expect(try fill(0, from: 0, [.failed(errno: EIO)]).get() == [])
  }

  @Test(arguments: 0..<10) func failureAtTheKthCall(call: Int) {
    let before = Array(repeating: FullRead.Step.read(bytes: 1), count: call)
    #expect(kind(fill(10, from: 0, before + [.failed(errno: EIO)])) == .readFailed(errno: EIO))
    #expect(kind(fill(10, from: 0, before + [.read(bytes: 0)])) == .changedSinceOpening)
  }
}
