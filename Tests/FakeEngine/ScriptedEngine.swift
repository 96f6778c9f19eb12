package import Generation
package import Images
import Foundation
import Synchronization

/// An engine without networks: it does what the prompt says and paints a gradient from the seed.
///
/// Prompts: `fail` (a `GenerationError`), `surprise` (another error), `hang` (nothing happens, not even a
/// cancellation), `talk` (a picture, after `saidLines` on standard error), `die K` (the process is killed after step K), `leave` (it exits with status 3),
/// `infinite` (a report JSON cannot hold), `quiet` (no progress is reported), `pause K` (step K ends with a
/// cancellation alone), anything else: a picture.
package final class ScriptedEngine: ImageEngine {
  package struct Surprise: Error {}

  private let stepTime: Duration
  private let resident = Mutex<(model: String?, pictures: Int)>((nil, 0))
  /// Steps begun, over all jobs.
  private let begun = Mutex(0)

  package init(stepTime: Duration) { self.stepTime = stepTime }

  /// More than a pipe holds.
  package static let saidLines = (0..<1500).map { "line \($0) " + String(repeating: "-", count: 100) }

  package var stepsBegun: Int { begun.withLock { $0 } }

  package var status: EngineStatus {
    let (model, pictures) = resident.withLock { $0 }
    return EngineStatus(
      state: .ready, model: model, device: "cpu", deviceName: "fake", allocatedBytes: 1000 * pictures,
      dtype: "float32", libtorch: "0.0")
  }

  package func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult {
    switch request.prompt {
    case "fail": throw GenerationError(.invalidRequest, "The prompt is too long.", field: "prompt")
    case "surprise": throw Surprise()
    case "leave": exit(3)
    case "hang": await hang()
    case "talk":
      for line in Self.saidLines { say(line + "\n") }
    default: break
    }
    if resident.withLock({ $0.model }) != request.model.id {
      try await load(request.model, progress: progress)
    }
    let quiet = request.prompt == "quiet"
    for step in 1...request.steps {
      begun.withLock { $0 += 1 }
      try await Task.sleep(for: request.prompt == "pause \(step)" ? .seconds(3600) : stepTime)
      if !quiet { progress(.step(step, of: request.steps)) }
      if request.wantsPreview(after: step, of: request.steps) {
        progress(
          .preview(try gradient(width: request.width / 8, height: request.height / 8, seed: UInt64(step))))
      }
      if request.prompt == "die \(step)" { _ = kill(getpid(), SIGKILL) }
    }
    resident.withLock { $0.pictures += 1 }
    return GenerationResult(
      image: try gradient(width: request.width, height: request.height, seed: request.seed),
      report: report(for: request))
  }

  package func load(
    _ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws {
    guard model.id != "broken" else { throw GenerationError(.modelNotLoaded, "Model not loaded: broken.") }
    progress(.loading(model: model.id, bytes: 0, total: 10))
    resident.withLock { $0.model = model.id }
    progress(.loading(model: model.id, bytes: 10, total: 10))
  }

  /// Never returns, and hears no cancellation.
  private func hang() async {
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
  }

  private func report(for request: GenerationRequest) -> GenerationReport {
    var timings = Timings()
    timings.denoise = request.prompt == "infinite" ? .infinity : 12.5
    return GenerationReport(
      prediction: request.model.prediction ?? .epsilon, predictionSource: "default", zeroTerminalSNR: false,
      dtype: "float32", vaeDtype: "float32", device: "cpu", promptTokens: request.prompt.utf8.count,
      negativePromptTokens: 0, timings: timings, libtorch: "0.0")
  }
}

/// Writes to standard error, waiting until it is taken.
package func say(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

/// A picture whose every pixel depends on its place and the seed.
package func gradient(width: Int, height: Int, seed: UInt64) throws -> RGBImage {
  var pixels: [UInt8] = []
  pixels.reserveCapacity(3 * width * height)
  for y in 0..<height {
    for x in 0..<width {
      pixels.append(UInt8(truncatingIfNeeded: UInt64(x) &* 3 &+ seed))
      pixels.append(UInt8(truncatingIfNeeded: UInt64(y) &* 5 &+ seed >> 8))
      pixels.append(UInt8(truncatingIfNeeded: UInt64(x ^ y)))
    }
  }
  guard let image = RGBImage(width: width, height: height, pixels: pixels) else {
    throw GenerationError(.internalError, "No picture of \(width) × \(height).")
  }
  return image
}
