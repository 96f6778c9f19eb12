import ArgumentParser
import Engine
import Foundation
import Wire

/// The child process that owns the device. `darkroom` starts it; it speaks frames over an inherited socket
/// and ends when that closes.
@main
struct EngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "darkroom-engine", abstract: "Makes pictures for darkroom, which starts it.")

  @Option(help: "The models folder.") var models = "models"
  @Option(help: "auto, cpu, cuda or cuda:N.") var device = "auto"
  @Option(help: "auto, float32, bfloat16 or float16.") var dtype = "auto"
  @Option(help: "Threads of one operation on the CPU.") var threads: Int?
  @Option(help: "The socket's descriptor.") var descriptor: Int32 = 3

  func run() throws {
    // The log's reader may go away; the engine is told to end by its socket alone.
    signal(SIGPIPE, SIG_IGN)
    yieldToServer()
    let engine: TorchEngine
    do {
      let vocabulary = VocabularyFile(modelsFolder: models, executable: "/proc/self/exe")
      engine = try TorchEngine(
        EngineConfiguration(vocabulary: vocabulary, device: device, dtype: dtype, threads: threads))
    } catch {
      say("\(error)")
      throw ExitCode.failure
    }
    say(engine.reason)
    switch EngineHost(descriptor: descriptor, engine: engine).run() {
    case nil, .closed: break
    case let error?: say("\(error)")
    }
    // Nothing is left to say to anyone; a step under way must not hold the process.
    _exit(0)
  }

  /// The server's threads come first: it must answer while every core computes. A thread takes the priority of
  /// the one that makes it, and OpenBLAS has made its own by now.
  private func yieldToServer() {
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    for thread in threads.compactMap({ id_t($0) }) {
      setpriority(Int32(PRIO_PROCESS.rawValue), thread, 5)
    }
  }

  private func say(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data("darkroom-engine: \(line)\n".utf8))
  }
}
