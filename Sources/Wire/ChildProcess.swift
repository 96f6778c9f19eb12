import Foundation
import Glibc

/// A process of ours that has not been reaped yet, the channel to it, and what it writes.
///
/// Its number stays valid until `reap` returns a value; only the supervising thread uses it.
struct ChildProcess {
  let id: pid_t
  let channel: FrameChannel
  let output: ChildOutput

  /// How a process ended.
  enum Exit: Equatable, CustomStringConvertible {
    case status(Int32)
    case signal(Int32)
    /// Someone else has reaped it.
    case unknown

    /// - Parameter waitStatus: as `waitpid` gives it; its macros do not reach Swift.
    init(waitStatus: Int32) {
      let signal = waitStatus & 0x7f
      self = signal == 0 ? .status((waitStatus >> 8) & 0xff) : .signal(signal)
    }

    var description: String {
      switch self {
      case .status(let code): "exit status \(code)"
      case .signal(let number): "signal \(number)"
      case .unknown: "cause unknown"
      }
    }
  }

  /// What the environment tells this process alone: its secret, and what systemd wants of it.
  private static func isOurs(_ variable: String) -> Bool {
    variable == "DARKROOM_API_KEY" || variable == "NOTIFY_SOCKET" || variable.hasPrefix("LISTEN_")
  }

  /// POSIX_SPAWN_SETSID of glibc's <spawn.h> (2.26 and newer), which Swift's Glibc module leaves out.
  private static let setSession: Int32 = 0x80

  /// Starts the executable with one end of a socket pair as `EngineHost.inheritedDescriptor`.
  ///
  /// It gets a session of its own: Ctrl-C and a terminal's hang-up reach the server alone, which then
  /// ends its child in order. Signals are at their defaults, stdin is empty, stdout and stderr are one pipe, `output`.
  /// All other descriptors of ours must be closed on exec, as everywhere in this program.
  /// - Throws: `WireError.system`.
  static func spawn(_ configuration: RemoteEngine.Configuration) throws(WireError) -> ChildProcess {
    let (ours, theirs) = try Descriptor.socketPair()
    // Beyond the numbers that the lines below overwrite.
    let (reader, writer) = try Descriptor.pipe(writerFrom: EngineHost.inheritedDescriptor + 1)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // First of all, before the lines below could overwrite its number.
    posix_spawn_file_actions_adddup2(&actions, theirs.number, EngineHost.inheritedDescriptor)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, writer.number, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, writer.number, STDERR_FILENO)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | setSession
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let environment = ProcessInfo.processInfo.environment
      .merging(configuration.environment) { $1 }
      .filter { !Self.isOurs($0.key) }
      .map { "\($0)=\($1)" }
    var id: pid_t = 0
    let code = withCStrings([configuration.executable] + configuration.arguments) { arguments in
      withCStrings(environment) { environment in
        withExtendedLifetime((theirs, writer)) {
          posix_spawn(&id, configuration.executable, &actions, &attributes, arguments, environment)
        }
      }
    }
    guard code == 0 else { throw .system(call: "posix_spawn", code: code) }
    return ChildProcess(
      id: id, channel: FrameChannel(ours), output: ChildOutput(reader, take: configuration.output))
  }

  /// Ends the process and its descendants at once.
  func kill() {
    // The process leads its own group, which outlives it until it is reaped.
    _ = Glibc.kill(-id, SIGKILL)
  }

  /// Takes the process out of the system's table if it has ended. Never waits.
  func reap() -> Exit? {
    var status: Int32 = 0
    while true {
      switch waitpid(id, &status, WNOHANG) {
      case 0: return nil
      case id: return Exit(waitStatus: status)
      default: if errno != EINTR { return .unknown }
      }
    }
  }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}
