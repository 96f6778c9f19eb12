import Generation

/// The reading of a job's files: how far it is told, and where it ends for a job that is not wanted any more.
struct Loading {
  /// Called between two pieces of work: what it throws ends the job.
  let pause: () throws -> Void
  private let report: (GenerationProgress) -> Void
  private let log: @Sendable (String) -> Void

  init(
    pause: @escaping () throws -> Void = { try Task.checkCancellation() },
    log: @escaping @Sendable (String) -> Void = { _ in },
    report: @escaping (GenerationProgress) -> Void = { _ in }
  ) {
    (self.pause, self.log, self.report) = (pause, log, report)
  }

  /// - Parameters: name a model's id or an adapter's name; total the bytes that are to be read.
  /// - Returns: what takes the bytes just read, which throws what `pause` does.
  func file(_ name: String, total: Int) -> (Int) throws -> Void {
    var done = 0
    var news = LoadingNews()
    return { [pause, report, log] bytes in
      try pause()
      done += bytes
      guard let percent = news.next(done, of: total) else { return }
      report(.loading(model: name, bytes: done, total: total))
      if percent.isMilestone { log("\(name): \(percent.value)% of \(total / 1_000_000) MB read") }
    }
  }

  /// The same for an adapter's file at `path`, all of which is to be read.
  func file(_ name: String, path: String) -> (Int) throws -> Void {
    file(name, total: Int(clamping: FileVersion(path: path)?.size ?? 0))
  }
}

/// Which of a file's many small pieces are worth telling: once a percent.
private struct LoadingNews {
  private var percent = -1
  private var quarter = 0

  /// - Returns: how much is read, where that is news; a quarter of a file that takes a while is a milestone.
  mutating func next(_ bytes: Int, of total: Int) -> (value: Int, isMilestone: Bool)? {
    let now = 100 * bytes / max(total, 1)
    guard now > percent else { return nil }
    percent = now
    let isMilestone = now / 25 > quarter && now < 100 && total > 1 << 30
    if isMilestone { quarter = now / 25 }
    return (now, isMilestone)
  }
}
