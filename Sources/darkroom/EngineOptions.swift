import ArgumentParser
import Foundation
import Logging
import Wire

/// Options of every command that makes pictures.
struct EngineOptions: ParsableArguments {
  @Option(help: "The models folder. (default: ./models)")
  var models: String?
  @Option(help: "auto, cpu, cuda or cuda:N. (default: auto)")
  var device: String?
  @Option(help: "auto, float32, bfloat16 or float16. (default: auto)")
  var dtype: String?
  @Option(help: "Threads of one operation on the CPU. (default: libtorch's choice)")
  var threads: Int?
  @Option(help: "Seconds without a step after which a picture is given up. (default: 300)")
  var jobTimeout: Int?
  @Option(help: "The engine's executable. (default: darkroom-engine beside this one)")
  var engine: String?

  /// The models folder, absolute.
  func modelsFolder() throws -> String {
    let folder = try Setting.value(models, "models", default: "models")
    return URL(fileURLWithPath: folder).standardizedFileURL.path
  }

  func start(_ logger: Logger) throws -> RemoteEngine {
    let beside = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let executable = try Setting.value(
      engine, "engine", default: beside.appendingPathComponent("darkroom-engine").path)
    var arguments = ["--models", try modelsFolder()]
    arguments += ["--device", try Setting.value(device, "device", default: "auto")]
    arguments += ["--dtype", try Setting.value(dtype, "dtype", default: "auto")]
    if let threads = try Setting.optional(threads, "threads") {
      guard threads >= 1 else { throw ValidationError("--threads is at least 1.") }
      arguments += ["--threads", String(threads)]
    }
    var configuration = RemoteEngine.Configuration(
      executable: executable, arguments: arguments,
      // Workers that wait spin by default; two teams on two cores then slow each other many times over.
      environment: ["OMP_WAIT_POLICY": "passive"])
    let timeout = try Setting.value(jobTimeout, "job-timeout", default: 300)
    guard (1...86_400).contains(timeout) else { throw ValidationError("--job-timeout is from 1 to 86400.") }
    configuration.jobTimeout = .seconds(timeout)
    return try RemoteEngine(configuration, logger: logger)
  }
}
