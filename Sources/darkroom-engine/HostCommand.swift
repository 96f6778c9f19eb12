import ArgumentParser
import Engine
import Foundation
import Wire

/// The child process that owns the device. `darkroom` starts it; it speaks frames over an inherited socket
/// and ends when that closes.
struct HostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host", abstract: "Serves the socket that darkroom hands it.")

  @Option(help: "The socket's descriptor.") var descriptor: Int32 = 3
  @OptionGroup var options: DeviceOptions

  func run() throws {
    // Whoever reads standard error may go away; the engine is told to end by its socket alone.
    signal(SIGPIPE, SIG_IGN)
    yieldToServer()
    let engine: TorchEngine
    do {
      engine = try TorchEngine(options.configuration()) { DeviceOptions.say($0) }
    } catch {
      DeviceOptions.say("\(error)")
      throw ExitCode.failure
    }
    DeviceOptions.say(engine.reason)
    switch EngineHost(descriptor: descriptor, engine: engine).run() {
    case nil, .closed: break
    case let error?: DeviceOptions.say("\(error)")
    }
    // Nothing is left to say to anyone; a step under way must not hold the process.
    _exit(0)
  }

  /// The server's threads come first: it must answer while every core computes. A thread takes the priority of
  /// the one that makes it, and OpenBLAS has made its own by now.
  ///
  /// Where Linux schedules sessions as groups (`sched_autogroup_enabled`), and the engine is a session of its own,
  /// a thread's priority counts only among the engine's: there it is the group's that matters (sched(7), "The
  /// autogroup feature").
  private func yieldToServer() {
    // The file is not there where the kernel has no such groups: then the threads' own do.
    if let group = FileHandle(forWritingAtPath: "/proc/self/autogroup") {
      try? group.write(contentsOf: Data("10".utf8))
      try? group.close()
    }
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    for thread in threads.compactMap({ id_t($0) }) {
      setpriority(Int32(PRIO_PROCESS.rawValue), thread, 5)
    }
  }
}
