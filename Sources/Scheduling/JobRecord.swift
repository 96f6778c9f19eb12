/// What is told of a job while it goes on.
public enum JobEvent: Sendable, Equatable {
  /// So many jobs are ahead; 0 is its turn.
  case queued(ahead: Int)
  /// Bytes of a checkpoint.
  case loading(model: String, bytes: Int, total: Int)
  /// So many steps are done; seconds until the last one should be, `nil` before there was a measurement.
  case step(Int, of: Int, secondsLeft: Double?)
  /// What the picture looked like after that step, as a file.
  case preview(step: Int, jpeg: [UInt8])
  /// The last event of every job.
  case ended(JobOutcome)
}

/// How a job ended.
public enum JobOutcome: Sendable, Equatable {
  case reply(JobReply)
  /// - Parameter onRequest: by `JobStore.cancel`; otherwise its client has gone, or the server stops.
  case cancelled(onRequest: Bool)
}

/// What a job came to, as it is sent to the client that waits for it.
public struct JobReply: Sendable, Equatable {
  /// 200, or the status of an error.
  public var status: Int
  public var body: [UInt8]
  /// Seconds, where the client may try again.
  public var retryAfter: Int?

  public init(status: Int, body: [UInt8], retryAfter: Int? = nil) {
    (self.status, self.body, self.retryAfter) = (status, body, retryAfter)
  }
}

/// What a job is known by before it begins.
public struct JobOpening: Sendable {
  /// The id it should have, if no other job has it.
  public var id: String
  public var client: String
  public var model: String
  public var steps: Int
  /// Whether it goes on without its client; its reply is then kept.
  public var isDetached: Bool

  public init(id: String, client: String, model: String, steps: Int, isDetached: Bool = false) {
    (self.id, self.client, self.model) = (id, client, model)
    (self.steps, self.isDetached) = (steps, isDetached)
  }
}

/// What is known of a job.
public struct JobRecord: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    case queued, loading, running
    /// Told to end, which takes until the next step.
    case cancelling
    case completed, failed, cancelled
  }

  public let id: String
  public let client: String
  public let model: String
  public internal(set) var state = State.queued
  /// Jobs ahead while it is queued.
  public internal(set) var ahead: Int?
  /// Bytes of the checkpoint, while it is loaded.
  public internal(set) var loading: Loading?
  /// Steps done.
  public internal(set) var step = 0
  public let steps: Int
  public internal(set) var secondsLeft: Double?
  /// Seconds since 1970; `started` when its turn came.
  public let created: Double
  public internal(set) var started: Double?
  public internal(set) var ended: Double?
  public let isDetached: Bool
  /// The error it ended with.
  public internal(set) var failure: JobReply?
  /// Whether its reply is kept: that of a detached job that completed, until newer ones need its room.
  public internal(set) var hasReply = false

  public struct Loading: Sendable, Equatable {
    public let bytes: Int
    public let total: Int
  }

  init(_ opening: JobOpening, id: String, created: Double) {
    (self.id, client, model, steps) = (id, opening.client, opening.model, opening.steps)
    (isDetached, self.created) = (opening.isDetached, created)
  }

  public var isOver: Bool { ended != nil }

  /// Whether it ever got into the queue.
  var wasQueued: Bool { ahead != nil || started != nil }

  mutating func note(_ event: JobEvent, at time: Double) {
    switch event {
    case .queued(0):
      (ahead, started) = (nil, time)
      enter(.running)
    case .queued(let count): ahead = count
    case .loading(_, let bytes, let total):
      loading = Loading(bytes: bytes, total: total)
      enter(.loading)
    case .step(let count, _, let seconds):
      (loading, step, secondsLeft) = (nil, count, seconds)
      enter(.running)
    case .preview: break
    case .ended(let outcome):
      (ahead, loading, secondsLeft, ended) = (nil, nil, nil, time)
      switch outcome {
      case .cancelled: state = .cancelled
      case .reply(let reply) where reply.status == 200: (state, hasReply) = (.completed, isDetached)
      case .reply(let reply): (state, failure) = (.failed, reply)
      }
    }
  }

  /// What a job that is told to end still does does not hide that.
  private mutating func enter(_ next: State) {
    if state != .cancelling { state = next }
  }
}
