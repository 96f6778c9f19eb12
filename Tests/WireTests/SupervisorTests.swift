import Foundation
import Generation
import Logging
import Synchronization
import Testing

@testable import Wire

/// What cannot be arranged with a real engine.
@Suite(.timeLimit(.minutes(2))) struct SupervisorTests {
  /// - Returns: a supervisor without its thread, whose one job is running, and that job.
  private func withRunningJob() async throws -> (Supervisor, Task<Supervision.Answer, any Error>) {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let supervisor = try Supervisor(RemoteEngine.Configuration(executable: "engine"), logger: logger)
    let job = Task {
      try await supervisor.perform(.picture, progress: { _ in }) {
        .generate(job: $0, request: request("x"))
      }
    }
    supervisor.state.withLock { $0.greeted(EngineStatus(state: .ready)) }
    try await eventually("the job runs") {
      supervisor.state.withLock { state in
        _ = state.nextCommand()
        return state.running != nil
      }
    }
    return (supervisor, job)
  }

  /// Starts a process that `ChildProcess.kill` does not reach, as if a driver held it: it leads no group.
  private func startImmortal() throws -> pid_t {
    var id: pid_t = 0
    let arguments = [strdup("sleep"), strdup("600"), nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawn(&id, "/bin/sleep", nil, nil, arguments, environ) == 0)
    return id
  }

  @Test(
    "A job's end is told though the system does not end the killed engine",
    arguments: [Supervisor.Ending.broken(.stalled), .cancelIgnored, .jobOverdue])
  func unreapable(ending: Supervisor.Ending) async throws {
    let (supervisor, job) = try await withRunningJob()
    if ending == .cancelIgnored { job.cancel() }
    let process = try startImmortal()
    defer { kill(process, SIGKILL) }
    async let burial = onThread {
      let (reader, _) = try Descriptor.pipe(writerFrom: 4)
      let child = ChildProcess(
        id: process, channel: try FrameChannel.pair().0, output: ChildOutput(reader) { _ in })
      var life = Supervisor.Life()
      (life.greeted, life.ending) = (true, ending)
      return supervisor.bury(child, life)
    }
    switch ending {
    case .cancelIgnored: await #expect(throws: CancellationError.self) { try await job.value }
    case .jobOverdue:
      let error = await #expect(throws: GenerationError.self) { try await job.value }
      #expect(error?.kind == .timeout)
    default:
      let message = "The engine stopped while making this picture; it is being started again."
      await #expect(throws: GenerationError(.engineUnavailable, message)) { try await job.value }
    }
    #expect(supervisor.state.withLock { $0.running == nil })
    kill(process, SIGKILL)
    _ = try await burial
  }

  @Test("Of a lost engine nothing is claimed that was its process's own")
  func lost() {
    var state = Supervision()
    var status = EngineStatus(state: .ready, model: "m", deviceName: "fake", allocatedBytes: 7)
    status.ipAdapterLoaded = true
    state.greeted(status)
    state.lost("It was killed.")
    #expect(state.status.model == nil && state.status.allocatedBytes == 0 && !state.status.ipAdapterLoaded)
    #expect(state.status.deviceName == "fake" && state.status.detail == "It was killed.")
  }
}
