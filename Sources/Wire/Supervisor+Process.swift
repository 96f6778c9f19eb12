import Generation
import Glibc
import Images
import Logging
import Synchronization

/// The supervising thread's work with one process.
extension Supervisor {
  /// One process's life, as far as the server saw it.
  struct Life {
    let born = ContinuousClock.now
    var reader = FrameReader()
    var greeted = false
    /// A job was finished.
    var succeeded = false
    var ending = Ending.closed
  }

  /// Why the server's conversation with a process ended.
  enum Ending: Equatable {
    case stop
    /// The process closed its end, most likely by dying.
    case closed
    case broken(WireError)
    case slowStart
    case jobOverdue
    case cancelIgnored

    /// Whether the next process of the same executable must end the same way.
    var isHopeless: Bool {
      if case .broken(.version) = self { true } else { false }
    }
  }

  /// Commands fit the socket's buffer: one that does not go out means that nothing is being read.
  private static let sendLimit = Duration.seconds(10)
  /// A process that was killed is gone sooner, where the system can end it at all.
  private static let reapLimit = Duration.seconds(2)

  /// Talks to the process until one side ends it.
  func serve(_ child: ChildProcess) -> Life {
    child.channel.limitSending(to: Supervisor.sendLimit)
    var life = Life()
    do throws(WireError) {
      while true {
        expireWaiting()
        if let ending = overdue(life) {
          life.ending = ending
          return life
        }
        while let command = state.withLock({ $0.nextCommand() }) {
          try send(command, to: child)
        }
        guard poll(child.channel.number, child.output, until: deadlines(of: life)) else { continue }
        guard try child.channel.receive(into: &life.reader) else { return life }
        while let frame = try life.reader.next() { try handle(frame, &life) }
      }
    } catch {
      // A process that dies while it is being written to has closed its end, no more.
      life.ending = error == .closed ? .closed : .broken(error)
      return life
    }
  }

  private func send(_ command: Supervision.Command, to child: ChildProcess) throws(WireError) {
    switch command {
    case .start(let frame): try child.channel.send(frame)
    case .cancel(let id): try child.channel.send(Frame(EngineCommand.cancel(job: id)))
    }
  }

  // MARK: Deadlines

  private func overdue(_ life: Life) -> Ending? {
    let (stopping, running) = state.withLock { ($0.stopping, $0.running) }
    let now = ContinuousClock.now
    if stopping { return .stop }
    if !life.greeted, now >= life.born + configuration.startupTimeout { return .slowStart }
    guard let running else { return nil }
    if now >= running.lastProgress + configuration.jobTimeout { return .jobOverdue }
    if let cancelledAt = running.cancelledAt, now >= cancelledAt + configuration.cancelGrace {
      return .cancelIgnored
    }
    return nil
  }

  private func deadlines(of life: Life) -> [ContinuousClock.Instant?] {
    let running = state.withLock { $0.running }
    return [
      waitingDeadline,
      life.greeted ? nil : life.born + configuration.startupTimeout,
      running.map { $0.lastProgress + configuration.jobTimeout },
      running?.cancelledAt.map { $0 + configuration.cancelGrace },
    ]
  }

  /// When the first waiting job has waited too long for an engine.
  var waitingDeadline: ContinuousClock.Instant? {
    state.withLock { $0.waitingSince }.map { $0 + configuration.startupTimeout }
  }

  /// Fails the jobs that have waited too long for an engine.
  func expireWaiting() {
    let limit = ContinuousClock.now - configuration.startupTimeout
    settle(
      state.withLock { state in
        let why = state.status.detail.map { " " + $0 } ?? ""
        let message = "The engine was not ready within \(inSeconds(configuration.startupTimeout)).\(why)"
        return state.expireWaiting(since: limit, GenerationError(.engineUnavailable, message))
      })
  }

  /// Sleeps until the socket is readable, `output` has been read further, a caller wakes the thread, or a deadline.
  /// - Returns: whether the socket is readable.
  @discardableResult func poll(
    _ socket: Int32? = nil, _ output: ChildOutput? = nil, until deadlines: [ContinuousClock.Instant?]
  ) -> Bool {
    var timeout: Int32 = -1
    if let first = deadlines.compactMap({ $0 }).min() {
      // Limited to what poll takes, about 24 days, before it is multiplied: a timeout may be of any length.
      let left = min(max(.zero, ContinuousClock.now.duration(to: first)), .milliseconds(Int32.max))
      let (seconds, attoseconds) = left.components
      // Rounded up: a poll that returns a little early would only be repeated.
      timeout = Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
    // A negative number is one that poll passes over.
    var sources = [
      pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: socket ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: output?.number ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    guard Glibc.poll(&sources, nfds_t(sources.count), timeout) > 0 else { return false }
    if sources[0].revents != 0 { wakeUp.drain() }
    if sources[2].revents != 0 { output?.read() }
    return sources[1].revents != 0
  }

  // MARK: Frames

  private func handle(_ frame: Frame, _ life: inout Life) throws(WireError) {
    guard life.greeted else {
      let version = try frame.message(GreetingVersion.self).protocolVersion
      guard version == wireVersion else { throw .version(theirs: version, ours: wireVersion) }
      let greeting = try frame.message(Greeting.self)
      life.greeted = true
      state.withLock { $0.greeted(greeting.status) }
      return
    }
    switch try frame.message(EngineEvent.self) {
    case .status(let status): state.withLock { $0.update(status) }
    case .loading(let job, let model, let bytes, let total):
      report(.loading(model: model, bytes: bytes, total: total), of: job)
    case .step(let job, let step, let steps): report(.step(step, of: steps), of: job)
    case .preview(let job, let width, let height):
      report(.preview(try picture(frame, width, height)), of: job)
    case .finished(let job, let report, let width, let height):
      let image = try picture(frame, width, height)
      try end(job, .success(.picture(GenerationResult(image: image, report: report))))
      life.succeeded = true
    case .loaded(let job):
      try end(job, .success(.loaded))
      life.succeeded = true
    case .failed(let job, let error): try end(job, .failure(error))
    case .cancelled(let job): try end(job, .failure(CancellationError()))
    }
  }

  private func report(_ progress: GenerationProgress, of job: UInt64) {
    state.withLock { $0.noteProgress(of: job) }?(progress)
  }

  private func picture(_ frame: Frame, _ width: Int, _ height: Int) throws(WireError) -> RGBImage {
    guard let image = RGBImage(width: width, height: height, pixels: frame.attachment) else {
      throw .unexpected("the engine sent \(frame.attachment.count) bytes for \(width) × \(height) pixels")
    }
    return image
  }

  private func end(_ job: UInt64, _ result: Result<Supervision.Answer, any Error>) throws(WireError) {
    let settlement = try state.withLock { state throws(WireError) in try state.end(job, result) }
    settlement.resume()
  }

  // MARK: The end

  /// Sees a process out of the world and ends its running job.
  /// - Returns: what happened, in words for operators.
  func bury(_ child: ChildProcess, _ life: Life) -> String {
    let interim = story(life, nil)
    state.withLock { $0.lost(interim) }
    // What the engine did not do in time needs no exit status to be told.
    if life.ending == .jobOverdue {
      failRunning { _ in
        GenerationError(
          .timeout,
          "The engine finished no step for \(inSeconds(configuration.jobTimeout)); it is being started again."
        )
      }
    }
    child.channel.shutDown()
    let exit = awaitExit(of: child, life.ending)
    child.output.finish()
    let story = story(life, exit)
    logger.log(
      level: life.ending == .stop ? .info : .error, "engine ended",
      metadata: ["pid": "\(child.id)", "exit": "\(exit)", "reason": "\(story)"])
    state.withLock { $0.reaped(story) }
    failRunning(exit)
    return story
  }

  /// Waits for the process to end, killing it at once or after the grace that its ending leaves it.
  ///
  /// The system may be unable to end it (a driver holds it): its job is not kept waiting for that.
  private func awaitExit(of child: ChildProcess, _ ending: Ending) -> ChildProcess.Exit {
    let grace: Duration =
      switch ending {
      case .stop: configuration.stopGrace
      // A dying process closes its descriptors just before it can be reaped.
      case .closed: .seconds(1)
      case .broken, .slowStart, .jobOverdue, .cancelIgnored: .zero
      }
    let patience = ContinuousClock.now + grace
    var killed = false
    while true {
      if let exit = child.reap() { return exit }
      let now = ContinuousClock.now
      if !killed, now >= patience {
        child.kill()
        killed = true
      }
      if now >= patience + Supervisor.reapLimit { failRunning(nil) }
      expireWaiting()
      poll(nil, child.output, until: [now + .milliseconds(4)])
    }
  }

  /// Fails the running job, if there is one still.
  private func failRunning(_ error: (Supervision.Purpose) -> GenerationError) {
    settle(state.withLock { [$0.abandonRunning(error)].compactMap { $0 } })
  }

  /// Fails it for the loss of its process; without an `exit` where that cannot be told.
  private func failRunning(_ exit: ChildProcess.Exit?) {
    let stopping = isStopping
    let cause = exit.map { " (\($0))" } ?? ""
    failRunning { purpose in
      GenerationError(
        .engineUnavailable,
        stopping
          ? "The engine has been stopped."
          : "The engine stopped\(cause) while \(purpose.activity); it is being started again.")
    }
  }

  private func story(_ life: Life, _ exit: ChildProcess.Exit?) -> String {
    let name = configuration.name
    let cause = exit.map { " (\($0))" } ?? ""
    switch life.ending {
    case .stop: return "The engine has been stopped."
    case .closed:
      return "\(name) stopped\(cause)" + (life.greeted ? "." : " before it was ready.")
    case .broken(let error): return "\(name) was ended: \(error)."
    case .slowStart:
      return "\(name) was ended: it was not ready within \(inSeconds(configuration.startupTimeout))."
    case .jobOverdue:
      return "\(name) was ended: it finished no step for \(inSeconds(configuration.jobTimeout))."
    case .cancelIgnored:
      return "\(name) was ended: it did not cancel a job within \(inSeconds(configuration.cancelGrace))."
    }
  }

  private func inSeconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    return attoseconds == 0
      ? "\(seconds) s" : "\(Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000) s"
  }
}
