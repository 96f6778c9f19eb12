import ArgumentParser
import Foundation
import Logging
import Telemetry
import Wire

/// Options of every command that makes pictures.
struct EngineOptions: ParsableArguments {
  @Option(help: "The models folder. (default: ./models)")
  var models: String?
  @Option(help: "auto, cpu, cuda or cuda:N. (default: auto)")
  var device: String?
  @Option(help: "auto, float32, bfloat16 or float16. (default: auto)")
  var dtype: String?
  @Option(help: "The VAE's: auto, float32, bfloat16 or float16. (default: auto)")
  var vaeDtype: String?
  @Option(help: "Threads of one operation on the CPU. (default: libtorch's choice)")
  var threads: Int?
  @Option(help: "Seconds without a step after which a picture is given up. (default: 300)")
  var jobTimeout: Int?
  @Option(help: "The engine's executable. (default: darkroom-engine beside this one)")
  var engine: String?

  /// The models folder, absolute.
  func modelsFolder(_ file: ConfigurationFile? = nil) throws -> String {
    let folder = try Setting.value(models, "models", default: "models", from: file)
    return URL(fileURLWithPath: folder).standardizedFileURL.path
  }

  /// Starts the engine, whose own lines go to `lines`.
  func start(
    _ logger: Logger, _ lines: LineLog, _ file: ConfigurationFile? = nil
  ) throws -> RemoteEngine {
    let beside = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let executable = try Setting.value(
      engine, "engine", default: beside.appendingPathComponent("darkroom-engine").path, from: file)
    var arguments = [
      "--models", try modelsFolder(file), "--device", try deviceName(file), "--dtype",
      try dtypeName(dtype, "dtype", file), "--vae-dtype", try dtypeName(vaeDtype, "vae-dtype", file),
    ]
    if let threads = try Setting.optional(threads, "threads", from: file) {
      guard (1...1024).contains(threads) else { throw ValidationError("--threads is from 1 to 1024.") }
      arguments += ["--threads", String(threads)]
    }
    var configuration = RemoteEngine.Configuration(executable: executable, arguments: arguments)
    configuration.output = { lines.relay($0) }
    let timeout = try Setting.value(jobTimeout, "job-timeout", default: 300, from: file)
    guard (1...86_400).contains(timeout) else { throw ValidationError("--job-timeout is from 1 to 86400.") }
    configuration.jobTimeout = .seconds(timeout)
    return try RemoteEngine(configuration, logger: logger)
  }

  private func deviceName(_ file: ConfigurationFile?) throws -> String {
    let name = try Setting.value(device, "device", default: "auto", from: file)
    let index = name.hasPrefix("cuda:") ? name.dropFirst("cuda:".count) : "0"
    let isIndex = !index.isEmpty && index.count <= 2 && index.utf8.allSatisfy { (48...57).contains($0) }
    guard isIndex, ["auto", "cpu", "cuda"].contains(name) || name.hasPrefix("cuda:") else {
      throw ValidationError("--device is auto, cpu, cuda or cuda:N, not \(name).")
    }
    return name
  }

  private func dtypeName(_ given: String?, _ option: String, _ file: ConfigurationFile?) throws -> String {
    let name = try Setting.value(given, option, default: "auto", from: file)
    guard ["auto", "float32", "bfloat16", "float16"].contains(name) else {
      throw ValidationError("--\(option) is auto, float32, bfloat16 or float16, not \(name).")
    }
    return name
  }
}
