public import Foundation
public import JSON

/// `darkroom serve` as a user runs it: its own process, its own engine, a free port.
///
/// Unchecked: `process` is only used by the test that owns the server; the rest never changes after `init`.
public final class RunningServer: @unchecked Sendable {
  public struct NotStarted: Error {
    public let log: String
  }
  public struct BadReply: Error {
    public let text: String

    public init(text: String) { self.text = text }
  }

  public let process: Process
  public let port: Int
  private let log: URL

  /// - Parameters:
  ///   - models: the models folder.
  ///   - environment: added to this process's.
  ///   - errors: takes what it logs in place of the file behind `logText`.
  public init(
    models: String, port: Int = 0, arguments: [String] = [], environment: [String: String] = [:],
    errors: Pipe? = nil
  ) throws {
    log = FileManager.default.temporaryDirectory.appendingPathComponent("darkroom-\(UUID().uuidString).log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    process = Process()
    process.executableURL = Repository.products.appendingPathComponent("darkroom")
    process.arguments =
      ["serve", "--models", models, "--port", String(port), "--device", "cpu", "--dtype", "float32"]
      + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = try errors?.fileHandleForWriting ?? FileHandle(forWritingTo: log)
    try process.run()
    // The line that tells the port is the first of standard output.
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n"), let byte = try output.fileHandleForReading.read(upToCount: 1),
      !byte.isEmpty
    {
      line += byte
    }
    let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard text.hasPrefix("listening on http://127.0.0.1:"),
      let port = Int(text.split(separator: ":").last ?? "")
    else {
      process.terminate()
      throw NotStarted(log: (try? String(contentsOf: log, encoding: .utf8)) ?? "")
    }
    self.port = port
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: log)
  }

  public var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  public struct Reply: Sendable {
    public let status: Int
    public let body: [UInt8]

    public func json() throws -> JSONObject {
      guard case .object(let object) = try JSONValue.parse(body) else {
        throw BadReply(text: String(decoding: body, as: UTF8.self))
      }
      return object
    }
  }

  /// Sends a request with curl, as people do.
  /// - Parameter seconds: after which curl hangs up; its status is then 0.
  public func curl(_ path: String, body: String? = nil, seconds: Double = 120, extra: [String] = []) throws
    -> Reply
  {
    let folder = try TemporaryFolder()
    var arguments = [
      "-sS", "--max-time", String(seconds), "-o", folder.path("body"), "-w", "%{http_code}",
      "http://127.0.0.1:\(port)\(path)",
    ]
    if let body {
      try Data(body.utf8).write(to: URL(fileURLWithPath: folder.path("request")))
      arguments += ["-H", "Content-Type: application/json", "--data-binary", "@\(folder.path("request"))"]
    }
    let output = try run("/usr/bin/curl", arguments + extra).output
    let bytes = (try? Data(contentsOf: URL(fileURLWithPath: folder.path("body")))) ?? Data()
    return Reply(status: Int(output) ?? 0, body: Array(bytes))
  }

  /// Posts to `/generate` beside the test, on a thread that may block.
  public func posting(_ body: String) -> Task<Reply, any Error> {
    Task {
      try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
          continuation.resume(with: Result { try self.curl("/generate", body: body) })
        }
      }
    }
  }

  /// Waits until `path` answers with `status`.
  public func wait(for path: String, status: Int = 200, seconds: Double = 60) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      if try curl(path, seconds: 2).status == status { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw BadReply(text: "\(path) did not answer with \(status). Log:\n\(logText)")
  }

  public func enginePID() throws -> Int32 {
    guard case .object(let engine)? = try curl("/health").json()["engine"],
      case .number(let pid)? = engine["pid"],
      let pid = pid.int
    else { throw BadReply(text: "no engine pid in /health") }
    return Int32(pid)
  }
}

public struct Finished {
  public let status: Int32
  public let output: String
  public let errors: String
}

/// Runs a program to its end.
public func run(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws
  -> Finished
{
  let process = Process()
  process.executableURL = URL(fileURLWithPath: executable)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  let folder = try TemporaryFolder()
  for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: folder.path(name), contents: nil) }
  process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path("out")))
  process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path("err")))
  try process.run()
  process.waitUntilExit()
  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder.path(name))), as: UTF8.self)
  }
  return Finished(status: process.terminationStatus, output: try text("out"), errors: try text("err"))
}
