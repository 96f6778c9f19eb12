import Foundation
import Images
import StableDiffusion
import Torch

/// Times the stages of the pipeline by themselves: no server, no queue, no picture file.
///
/// Not Sendable: it runs on the thread that calls it.
public struct EngineBench {
  public enum Stage: String, CaseIterable, Sendable { case load, text, step, decode, encode }

  public struct Options: Sendable {
    /// The checkpoint.
    public var path: String
    /// Pixels, multiples of 8.
    public var width = 1024
    public var height = 1024
    /// Measurements of each stage, after one that is not counted; the load is measured `loads` times, all counted.
    public var rounds = 5
    public var loads = 1
    public var stages = Set(Stage.allCases)

    public init(path: String) { self.path = path }
  }

  /// Medians and what they were measured on.
  public struct Report: Encodable, Sendable {
    public var model: String
    public var width: Int, height: Int
    public var device: String, dtype: String, vaeDtype: String
    public var threads: Int
    public var libtorch: String
    /// Medians by stage; `step` is one guided step: two rows through the UNet.
    public var milliseconds: [String: Double] = [:]
    /// Every measurement by stage.
    public var measured: [String: [Double]] = [:]
    /// Bytes of the checkpoint's weights.
    public var weightBytes = 0
    /// The process's largest resident set after loading, and at the end.
    public var peakBytesLoaded = 0, peakBytes = 0
  }

  let options: Options
  let plan: DevicePlan
  private let vocabularyFile: VocabularyFile

  public init(_ options: Options, _ configuration: EngineConfiguration) throws(DeviceUnavailable) {
    self.options = options
    plan = try DevicePlan(configuration)
    vocabularyFile = configuration.vocabulary
    if let threads = configuration.threads { Runtime.threads = threads }
  }

  /// - Parameter note: called with a line of progress now and then.
  /// - Throws: what loading and running throw.
  public func run(_ note: (String) -> Void) throws -> Report {
    try Runtime.inference { try measure(note) }
  }

  private func measure(_ note: (String) -> Void) throws -> Report {
    var report = Report(
      model: URL(fileURLWithPath: options.path).lastPathComponent, width: options.width,
      height: options.height, device: plan.device.description, dtype: plan.dtype.rawValue,
      vaeDtype: plan.vaeDtype.rawValue, threads: Runtime.threads, libtorch: Runtime.version)
    let vocabulary = try Vocabulary(path: vocabularyFile.path)
    func record(_ stage: Stage, _ times: [Double]) {
      report.measured[stage.rawValue] = times
      report.milliseconds[stage.rawValue] = times.median
      note("\(stage.rawValue): \(times.median.rounded()) ms")
    }

    var loadTimes: [Double] = []
    func load() throws -> StableDiffusionXL {
      let begin = ContinuousClock.now
      let checkpoint = try Checkpoint(path: options.path)
      report.weightBytes = checkpoint.byteCount
      let model = try StableDiffusionXL(checkpoint, vocabulary: vocabulary, options: plan.options)
      try plan.device.synchronize()
      loadTimes.append(begin.milliseconds)
      return model
    }
    for _ in 1..<max(1, options.loads) {
      _ = try load()
      try plan.device.emptyCache()
    }
    let model = try load()
    if options.stages.contains(.load) { record(.load, loadTimes) }
    report.peakBytesLoaded = ProcessMemory.peakBytes

    func condition() throws -> ImageConditioning {
      try model.condition(
        model.prompt("1girl, solo, silver hair, night sky"),
        guidance: .init(scale: 5, negative: model.prompt("lowres, bad anatomy")), width: options.width,
        height: options.height)
    }
    if options.stages.contains(.text) { record(.text, try times { _ = try condition() }) }
    if options.stages.contains(.step) {
      var run = try DenoisingRun(
        model, condition(), SamplingPlan(.euler, steps: options.rounds + 2), seed: 1)
      record(.step, try times { _ = try run.advance() })
    }
    if options.stages.contains(.decode) {
      let latents = try Generator(seed: 1).randn([1, 4, options.height / 8, options.width / 8]).to(
        plan.device)
      record(.decode, try times { _ = try model.decode(latents) })
    }
    if options.stages.contains(.encode) {
      let grey = [UInt8](repeating: 128, count: 3 * options.width * options.height)
      guard let image = RGBImage(width: options.width, height: options.height, pixels: grey) else {
        throw DeviceUnavailable(message: "\(options.width)x\(options.height) is no size of a picture")
      }
      record(.encode, try times { _ = try model.encode(image) })
    }
    report.peakBytes = ProcessMemory.peakBytes
    return report
  }

  /// Milliseconds of each of the rounds, after one that is not counted.
  private func times(_ body: () throws -> Void) throws -> [Double] {
    var times: [Double] = []
    for _ in 0...options.rounds {
      let begin = ContinuousClock.now
      try body()
      try plan.device.synchronize()
      times.append(begin.milliseconds)
    }
    return Array(times.dropFirst())
  }
}

/// What the kernel says of this process.
enum ProcessMemory {
  /// The largest resident set so far; 0 where it cannot be told.
  static var peakBytes: Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(whereSeparator: \.isWhitespace).compactMap({ Int($0) }).first
    else { return 0 }
    return kilobytes * 1024
  }
}

extension ContinuousClock.Instant {
  /// Since this instant.
  var milliseconds: Double { (ContinuousClock.now - self) / .milliseconds(1) }
}

extension [Double] {
  /// The middle value; the mean of the two middle ones of an even number, 0 of none.
  var median: Double {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
