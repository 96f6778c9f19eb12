import ArgumentParser
import Engine
import Foundation

/// What every command of the engine needs to compute.
struct DeviceOptions: ParsableArguments {
  @Option(help: "The models folder.") var models = "models"
  @Option(help: "auto, cpu, cuda or cuda:N.") var device = "auto"
  @Option(help: "auto, float32, bfloat16 or float16.") var dtype = "auto"
  @Option(help: "The VAE's: auto, float32, bfloat16 or float16.") var vaeDtype = "auto"
  @Option(help: "Threads of one operation on the CPU.") var threads: Int?

  func configuration() throws -> EngineConfiguration {
    let vocabulary = VocabularyFile(modelsFolder: models, executable: "/proc/self/exe")
    return try EngineConfiguration(
      vocabulary: vocabulary, device: device, dtype: dtype, vaeDtype: vaeDtype, threads: threads)
  }

  static func say(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data("darkroom-engine: \(line)\n".utf8))
  }
}
