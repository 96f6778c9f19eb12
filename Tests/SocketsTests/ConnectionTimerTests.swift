import Testing

@testable import Sockets

@Suite struct ConnectionTimerTests {
  @Test("A large event behind a small rest is granted time for its own size")
  func whatIsAppendedIsGrantedTimeToo() {
    let begin = Moment.now
    var output = OutputQueue()
    output.append([UInt8](repeating: 0x61, count: 1000))
    var timer = ConnectionTimer()
    timer.update(.write, bodyLength: 0, output: output, deadlines: Deadlines(), now: begin)
    #expect(timer.deadline == begin + .seconds(60))

    output.append([UInt8](repeating: 0x62, count: 20 << 20))
    // As fast as a client on a slow line takes it: a little every second.
    for second in 1...600 {
      timer.progressed()
      let now = begin + .seconds(second)
      timer.update(.write, bodyLength: 0, output: output, deadlines: Deadlines(), now: now)
      #expect(timer.deadline == now + .seconds(60))
    }
  }

  @Test("A client that takes a byte now and then is not waited for without end")
  func takingAByteNowAndThenIsNotEnough() throws {
    let begin = Moment.now
    var output = OutputQueue()
    output.append([UInt8](repeating: 0x61, count: 4096))
    var timer = ConnectionTimer()
    for second in 0...60 {
      timer.progressed()
      timer.update(
        .write, bodyLength: 0, output: output, deadlines: Deadlines(), now: begin + .seconds(second))
    }
    #expect(timer.deadline == begin + .seconds(61))
  }
}
