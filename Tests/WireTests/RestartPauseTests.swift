import Testing

@testable import Wire

struct RestartPauseTests {
  @Test("Pauses double up to the last, and begin anew after a reset")
  func doubling() {
    var pause = RestartPause(.milliseconds(100) ... .seconds(30))
    let pauses = (0..<11).map { _ in pause.next() }
    let expected: [Int] = [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]
    #expect(pauses == expected.map { .milliseconds($0) })
    pause.reset()
    #expect(pause.next() == .milliseconds(100))
  }
}
