import Foundation
import Generation
import Wire

/// A stand-in for `darkroom-engine` as a real child process; see `ScriptedEngine` for what jobs do.
///
/// Arguments: `--step-ms M`; and one way to misbehave as a process: `--never-hello`, `--exit-at-once`
/// (with words on standard error that end no line), `--version N` (in the greeting), `--garbage` (no frames after the greeting), `--linger` (outlives the
/// connection), `--short-picture` (too few pixels), `--environment NAME` (exits with that number).
@main
struct FakeEngine {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    func value(of name: String) -> String? {
      guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
      return arguments[index + 1]
    }

    let descriptor = EngineHost.inheritedDescriptor
    if arguments.contains("--never-hello") { converse(descriptor) }
    if arguments.contains("--exit-at-once") {
      say("no device\nnothing to do")
      _exit(7)
    }
    if let name = value(of: "--environment") {
      _exit(Int32(ProcessInfo.processInfo.environment[name] ?? "") ?? 99)
    }
    if let version = value(of: "--version").flatMap({ Int($0) }) {
      converse(descriptor, sending: "{\"protocolVersion\":\(version),\"news\":true}")
    }
    if arguments.contains("--garbage") {
      converse(
        descriptor,
        sending:
          "{\"protocolVersion\":\(wireVersion),\"status\":{\"state\":\"ready\",\"cudaAvailable\":false,"
          + "\"allocatedBytes\":0,\"ipAdapterLoaded\":false}}", "{\"gibberish\":{}}")
    }
    if arguments.contains("--short-picture") { sendShortPicture(descriptor) }

    let stepTime = Duration.milliseconds(value(of: "--step-ms").flatMap { Int($0) } ?? 5)
    EngineHost(descriptor: descriptor, engine: ScriptedEngine(stepTime: stepTime)).run()
    if arguments.contains("--linger") { while true { sleep(1000) } }
    _exit(0)
  }

  /// Sends the headers as they stand and waits for the server to hang up.
  private static func converse(_ descriptor: Int32, sending headers: String...) -> Never {
    let channel = FrameChannel(owning: descriptor)
    for header in headers { try? channel.send(Frame(header: Array(header.utf8))) }
    var reader = FrameReader()
    while let received = try? channel.receive(into: &reader), received {}
    _exit(0)
  }

  /// Answers the first job with half of its picture.
  private static func sendShortPicture(_ descriptor: Int32) -> Never {
    let channel = FrameChannel(owning: descriptor)
    let engine = ScriptedEngine(stepTime: .zero)
    try? channel.send(Frame(Greeting(status: engine.status)))
    var reader = FrameReader()
    while let frame = try? channel.nextFrame(&reader) {
      guard case .generate(let job, let request) = try? frame.message(EngineCommand.self) else { continue }
      let report = GenerationReport(
        prediction: .epsilon, predictionSource: "default", zeroTerminalSNR: false, dtype: "float32",
        vaeDtype: "float32", device: "cpu", promptTokens: 0, negativePromptTokens: 0, timings: Timings(),
        libtorch: "0.0")
      let end = EngineEvent.finished(job: job, report: report, width: request.width, height: request.height)
      try? channel.send(
        Frame(end, attachment: Array(repeating: 0, count: request.width * request.height)))
    }
    _exit(0)
  }
}
