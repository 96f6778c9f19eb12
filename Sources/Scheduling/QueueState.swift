/// Names a job for as long as its queue lives.
struct JobID: Hashable, Sendable {
  let number: UInt64
}

/// The queue's state, whole after every method. It resumes nobody: a continuation that must be resumed is
/// returned, so that this is done outside the lock.
///
/// Invariant: while a job waits, one is running.
struct QueueState {
  typealias Continuation = CheckedContinuation<Turn, Never>

  /// How waiting ended.
  enum Turn: Sendable {
    case granted, left
  }

  struct Waiting {
    let id: JobID
    let steps: Int
    /// `nil` until the job's task has got as far as suspending.
    var continuation: Continuation?
  }

  struct Running {
    let id: JobID
    let steps: Int
    var finishedSteps = 0
    var lastStep: ContinuousClock.Instant?
  }

  let limit: Int
  private(set) var running: Running?
  private(set) var waiting: [Waiting] = []
  private(set) var stepSeconds: Double?
  private var lastNumber: UInt64 = 0

  /// How much one new measurement counts against all earlier ones.
  static let newSampleWeight = 0.2
  static let assumedStepSeconds = 1.0
  static let longestRetry = 86_400.0

  init(limit: Int) {
    self.limit = limit
  }

  /// Takes the last place, which is the running one when nobody is there.
  mutating func enter(steps: Int) throws(QueueFull) -> (id: JobID, isRunning: Bool) {
    let count = waiting.count + (running == nil ? 0 : 1)
    guard count < limit else { throw QueueFull(retryAfter: retryAfter) }
    lastNumber += 1
    let id = JobID(number: lastNumber)
    guard running != nil else {
      running = Running(id: id, steps: steps)
      return (id, true)
    }
    waiting.append(Waiting(id: id, steps: steps, continuation: nil))
    return (id, false)
  }

  /// Keeps `continuation` until the turn of `id` is settled; or says how it was settled already.
  mutating func wait(_ id: JobID, _ continuation: Continuation) -> Turn? {
    if running?.id == id { return .granted }
    guard let place = waiting.firstIndex(where: { $0.id == id }) else { return .left }
    waiting[place].continuation = continuation
    return nil
  }

  /// Takes a waiting job out; nothing happens to one that runs or is gone.
  mutating func leave(_ id: JobID) -> Continuation? {
    guard let place = waiting.firstIndex(where: { $0.id == id }) else { return nil }
    return waiting.remove(at: place).continuation
  }

  /// Ends the running job and makes the first waiting one run.
  mutating func finish(_ id: JobID) -> Continuation? {
    guard running?.id == id else { return nil }
    guard !waiting.isEmpty else {
      running = nil
      return nil
    }
    let next = waiting.removeFirst()
    running = Running(id: next.id, steps: next.steps)
    return next.continuation
  }

  mutating func stepFinished(_ id: JobID, at time: ContinuousClock.Instant) {
    guard var job = running, job.id == id else { return }
    if let last = job.lastStep {
      let sample = (time - last) / .seconds(1)
      stepSeconds = stepSeconds.map { $0 + Self.newSampleWeight * (sample - $0) } ?? sample
    }
    job.lastStep = time
    job.finishedSteps += 1
    running = job
  }

  /// Whole seconds until all jobs should be done, rounded up, at least 1.
  private var retryAfter: Int {
    var steps = running.map { max(0, Double($0.steps) - Double($0.finishedSteps)) } ?? 0
    for job in waiting { steps += max(0, Double(job.steps)) }
    let seconds = steps * (stepSeconds ?? Self.assumedStepSeconds)
    return Int(min(max(seconds.rounded(.up), 1), Self.longestRetry))
  }
}
