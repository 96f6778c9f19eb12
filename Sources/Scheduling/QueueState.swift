/// Names a job's place for as long as its queue lives; later ones have greater numbers.
struct Ticket: Hashable, Sendable {
  let number: UInt64
}

/// The queue's state, whole after every method. It resumes nobody: a continuation that must be resumed is
/// returned, so that this is done outside the lock.
///
/// Turns go by rounds, in each of which a client has one turn at most (fair queueing with jobs as the unit:
/// Nagle, RFC 970). Within a round the order is that of arrival, so a single client's jobs are first in, first out.
///
/// Invariants: while a job waits, one is running; the rounds of one client's waiting jobs follow one another.
struct QueueState {
  typealias Continuation = CheckedContinuation<Turn, Never>
  typealias Listener = @Sendable (Int) -> Void

  /// How waiting ended.
  enum Turn: Sendable {
    case granted, left
  }

  struct Waiting {
    let id: Ticket
    let steps: Int
    let client: String
    var round: Int
    let moved: Listener
    /// The place that was told last.
    var told: Int?
    /// `nil` until the job's task has got as far as suspending.
    var continuation: Continuation?
  }

  struct Running {
    let id: Ticket
    let steps: Int
    let client: String
    var finishedSteps = 0
    var firstStep: ContinuousClock.Instant?
    var lastStep: ContinuousClock.Instant?
  }

  let limit: Int
  private(set) var running: Running?
  /// In the order of their turns.
  private(set) var waiting: [Waiting] = []
  private(set) var stepSeconds: Double?
  private(set) var refused = 0
  private var lastNumber: UInt64 = 0
  /// Of the job that runs.
  private var round = 0
  /// The last round each client had or is to have a turn in, where that is not before `round`.
  private var lastRounds: [String: Int] = [:]

  /// How much one new measurement counts against all earlier ones.
  static let newSampleWeight = 0.2
  static let assumedStepSeconds = 1.0
  static let longestRetry = 86_400.0

  init(limit: Int) {
    self.limit = limit
  }

  /// How many clients have a job here.
  var clients: Int { Set(waiting.map(\.client) + (running.map { [$0.client] } ?? [])).count }

  /// Takes a place, which is the running one when nobody is there.
  mutating func enter(
    steps: Int, client: String = "", moved: @escaping Listener = { _ in }
  ) throws(QueueFull) -> (id: Ticket, isRunning: Bool) {
    if let full = full() { throw full }
    lastNumber += 1
    let id = Ticket(number: lastNumber)
    let turn = lastRounds[client].map { max(round, $0 + 1) } ?? round
    lastRounds[client] = turn
    let job = Waiting(id: id, steps: steps, client: client, round: turn, moved: moved)
    guard running != nil else {
      run(job)
      return (id, true)
    }
    waiting.append(job)
    arrange()
    return (id, false)
  }

  /// Counts a job that finds no room; `nil` while there is some.
  mutating func full() -> QueueFull? {
    guard waiting.count + (running == nil ? 0 : 1) >= limit else { return nil }
    refused += 1
    return QueueFull(retryAfter: retryAfter)
  }

  /// Keeps `continuation` until the turn of `id` is settled; or says how it was settled already.
  mutating func wait(_ id: Ticket, _ continuation: Continuation) -> Turn? {
    if running?.id == id { return .granted }
    guard let place = waiting.firstIndex(where: { $0.id == id }) else { return .left }
    waiting[place].continuation = continuation
    return nil
  }

  /// Takes a waiting job out; nothing happens to one that runs or is gone. Its client's later jobs move up.
  mutating func leave(_ id: Ticket) -> Continuation? {
    guard let place = waiting.firstIndex(where: { $0.id == id }) else { return nil }
    let job = waiting.remove(at: place)
    for index in waiting.indices where waiting[index].client == job.client && waiting[index].round > job.round
    {
      waiting[index].round -= 1
    }
    if let last = lastRounds[job.client] { lastRounds[job.client] = last - 1 }
    arrange()
    return job.continuation
  }

  /// Ends the running job and makes the first waiting one run.
  mutating func finish(_ id: Ticket) -> Continuation? {
    guard running?.id == id else { return nil }
    guard !waiting.isEmpty else {
      running = nil
      lastRounds = [:]
      return nil
    }
    let next = waiting.removeFirst()
    run(next)
    tellPlaces()
    return next.continuation
  }

  /// - Returns: seconds a step of this job takes, measured by all jobs until it has made two; `nil` before there was
  ///   a measurement.
  mutating func stepFinished(_ id: Ticket, at time: ContinuousClock.Instant) -> Double? {
    guard var job = running, job.id == id else { return nil }
    if let last = job.lastStep {
      let sample = (time - last) / .seconds(1)
      stepSeconds = stepSeconds.map { $0 + Self.newSampleWeight * (sample - $0) } ?? sample
    }
    job.firstStep = job.firstStep ?? time
    job.lastStep = time
    job.finishedSteps += 1
    running = job
    guard let first = job.firstStep, job.finishedSteps > 1 else { return stepSeconds }
    return (time - first) / .seconds(1) / Double(job.finishedSteps - 1)
  }

  private mutating func run(_ job: Waiting) {
    running = Running(id: job.id, steps: job.steps, client: job.client)
    round = job.round
    lastRounds = lastRounds.filter { $0.value >= round }
    job.moved(0)
  }

  private mutating func arrange() {
    waiting.sort { ($0.round, $0.id.number) < ($1.round, $1.id.number) }
    tellPlaces()
  }

  /// Tells those whose place is another than they know.
  private mutating func tellPlaces() {
    for (index, job) in waiting.enumerated() where job.told != index + 1 {
      waiting[index].told = index + 1
      job.moved(index + 1)
    }
  }

  /// Whole seconds until all jobs should be done, rounded up, at least 1.
  private var retryAfter: Int {
    var steps = running.map { max(0, Double($0.steps) - Double($0.finishedSteps)) } ?? 0
    for job in waiting { steps += max(0, Double(job.steps)) }
    let seconds = steps * (stepSeconds ?? Self.assumedStepSeconds)
    return Int(min(max(seconds.rounded(.up), 1), Self.longestRetry))
  }
}
