import Foundation
import Generation
import Images
import Logging
import Synchronization
import Testing
import Wire

/// A request the scripted engine obeys by its prompt.
func request(
  _ prompt: String, model: String = "m", width: Int = 64, height: Int = 48, steps: Int = 3, seed: UInt64 = 7
) -> GenerationRequest {
  GenerationRequest(
    model: ModelSource(id: model, path: "/models/\(model).safetensors"), prompt: prompt,
    negativePrompt: .zeros, width: width, height: height, steps: steps, cfgScale: 5, seed: seed,
    scheduler: SchedulerChoice(.eulerAncestral))
}

let sampleReport = GenerationReport(
  prediction: .vPrediction, predictionSource: "v_pred key", zeroTerminalSNR: true, dtype: "bfloat16",
  vaeDtype: "float32", device: "cuda:0", promptTokens: 5, negativePromptTokens: 0, timings: Timings(),
  libtorch: "2.6.0")

/// The fake engine's executable, built beside the one that runs the tests.
func fakeEngine() throws -> String {
  let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  let path = (tests as NSString).deletingLastPathComponent + "/fake-engine"
  try #require(FileManager.default.isExecutableFile(atPath: path), "\(path) is not built")
  return path
}

/// An engine with short patience, running the fake engine.
func remoteEngine(
  _ arguments: String..., adjust: (inout RemoteEngine.Configuration) -> Void = { _ in }
) throws -> RemoteEngine {
  var configuration = RemoteEngine.Configuration(executable: try fakeEngine(), arguments: arguments)
  configuration.restartDelay = .milliseconds(10) ... .milliseconds(100)
  configuration.startupTimeout = .seconds(30)
  adjust(&configuration)
  return try RemoteEngine(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

/// Polls until `condition` holds, for 20 seconds at most.
func eventually(
  _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool
) async throws {
  let limit = ContinuousClock.now + .seconds(20)
  while !condition() {
    try #require(ContinuousClock.now < limit, what, sourceLocation: sourceLocation)
    try await Task.sleep(for: .milliseconds(5))
  }
}

/// Whether a process exists, as a zombie too.
func exists(_ process: Int32) -> Bool {
  kill(process, 0) == 0 || errno != ESRCH
}

/// The `GenerationError` of a generation that must fail.
func failure(
  of engine: any ImageEngine, _ request: GenerationRequest, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> GenerationError {
  try await #require(throws: GenerationError.self, sourceLocation: sourceLocation) {
    _ = try await engine.generate(request) { _ in }
  }
}

/// Runs what blocks on a thread of its own: the tasks of the code under test need those that tasks share.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
  }
}

/// Collects what another thread reports.
final class Collector<Element: Sendable>: Sendable {
  private let storage = Mutex<[Element]>([])

  func append(_ element: Element) { storage.withLock { $0.append(element) } }
  var all: [Element] { storage.withLock { $0 } }
  var count: Int { storage.withLock { $0.count } }
}
