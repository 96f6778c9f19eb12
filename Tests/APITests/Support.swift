import API
import Foundation
import Generation
import HTTP
import Images
import JSON
import Registry
import Scheduling
import Synchronization
import TestSupport

/// An engine that answers as it is told and remembers what it was asked.
final class ScriptedEngine: ImageEngine {
  typealias Script = @Sendable (GenerationRequest) async throws -> GenerationResult

  private struct State {
    var status: EngineStatus
    var requests: [GenerationRequest] = []
  }

  private let state: Mutex<State>
  private let script: Script

  init(
    status: EngineStatus = EngineStatus(state: .ready), _ script: @escaping Script = { try .picture(of: $0) }
  ) {
    state = Mutex(State(status: status))
    self.script = script
  }

  var status: EngineStatus {
    get { state.withLock { $0.status } }
    set { state.withLock { $0.status = newValue } }
  }
  var requests: [GenerationRequest] { state.withLock { $0.requests } }

  func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult {
    state.withLock { $0.requests.append(request) }
    progress(.step(1, of: request.steps))
    return try await script(request)
  }

  func load(_ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void) async throws {}
}

extension GenerationResult {
  /// A picture whose pixels tell the seed.
  static func picture(of request: GenerationRequest) throws -> GenerationResult {
    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: request.seed), count: 3 * 8 * 8)
    guard let image = RGBImage(width: 8, height: 8, pixels: bytes) else {
      throw GenerationError(.internalError, "no picture")
    }
    var timings = Timings()
    (timings.load, timings.denoise) = (12.34, 1000)
    return GenerationResult(
      image: image,
      report: GenerationReport(
        prediction: .epsilon, predictionSource: "default", zeroTerminalSNR: false, dtype: "bfloat16",
        vaeDtype: "float32", device: "cuda:0", promptTokens: 3, negativePromptTokens: 1, timings: timings,
        libtorch: "2.15.0"))
  }
}

/// A service over three models: `animagine` and `pony` have files, `noobai` has none.
final class Bench: Sendable {
  let engine: ScriptedEngine
  let service: APIService
  private let temporary: TemporaryFolder

  static let hash = String(repeating: "0123456789abcdef", count: 4)

  init(
    engine: ScriptedEngine = ScriptedEngine(), queue: JobQueue = JobQueue(limit: 16),
    models: [ModelEntry]? = nil, vaes: [String] = [], jobs: JobStore = JobStore(),
    change: (inout APIConfiguration) -> Void = { _ in }
  ) throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.url
    try FileManager.default.createDirectory(
      at: folder.appending(path: "loras"), withIntermediateDirectories: false)
    for name in ["animagine", "pony"] { try temporary.write("weights", to: "\(name).safetensors") }
    try FileManager.default.createDirectory(
      at: folder.appending(path: "vae"), withIntermediateDirectories: false)
    for name in vaes { try temporary.write(Self.vae, to: "vae/\(name).safetensors") }
    let registry = ModelRegistry(models: models ?? Self.models(in: folder))
    var configuration = APIConfiguration(version: "1.2.3")
    configuration.modelHash = { _, _ in Self.hash }
    change(&configuration)
    self.temporary = temporary
    self.engine = engine
    service = APIService(
      engine: engine, queue: queue, registry: { registry },
      folders: AdapterFolders(models: folder.path),
      workers: WorkPool(threads: 1, limit: 8, name: "test"), jobs: jobs, configuration: configuration)
  }

  var folder: URL { temporary.url }

  /// The least a file of weights needs to be taken for a VAE.
  private static let vae = weights("decoder.conv_in.weight", [1, 4, 1, 1])

  /// A safetensors file of one tensor, by whose name and shape files are told apart.
  static func weights(_ name: String, _ shape: [Int] = [1], notes: JSONObject = [:]) -> [UInt8] {
    weights([(name, shape)], notes: notes)
  }

  static func weights(_ tensors: [(name: String, shape: [Int])], notes: JSONObject = [:]) -> [UInt8] {
    var end = 0
    var header: JSONObject = ["__metadata__": .object(notes)]
    for tensor in tensors {
      let start = end
      end += 4 * tensor.shape.reduce(1, *)
      let shape = JSONValue.array(tensor.shape.map { .number(JSONNumber($0)) })
      let place = JSONValue.array([start, end].map { .number(JSONNumber($0)) })
      header[tensor.name] = ["dtype": "F32", "shape": shape, "data_offsets": place]
    }
    let text = JSONValue.object(header).encoded()
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return length + text + Array(repeating: 0, count: end)
  }

  /// Names of tensors that say what a file is.
  static let lora = "lora_unet_x.lora_down.weight"
  static let ipAdapter = "image_proj.norm.weight"
  static let controlNet = "controlnet_cond_embedding.conv_in.weight"

  /// Writes a file into the models folder, whose first tensor tells its kind.
  func add(_ path: String, _ tensor: String, _ shape: [Int] = [1], notes: JSONObject = [:]) throws {
    try add(path, [(tensor, shape)], notes: notes)
  }

  func add(_ path: String, _ tensors: [(name: String, shape: [Int])], notes: JSONObject = [:]) throws {
    let url = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(Self.weights(tensors, notes: notes)).write(to: url)
  }

  static func models(in folder: URL) -> [ModelEntry] {
    func entry(_ id: String, order: Int, _ defaults: ModelEntry.Defaults) -> ModelEntry {
      var entry = ModelEntry(
        id: id, displayName: id.capitalized, file: "\(id).safetensors", source: "local",
        path: folder.appending(path: "\(id).safetensors").path, defaults: defaults)
      entry.order = order
      return entry
    }
    var animagine = entry("animagine", order: 1, .init(cfg: 5, steps: 28, width: 832, height: 1216))
    animagine.negativePrompt = "lowres, bad hands"
    animagine.aliases = ["anime"]
    animagine.promptGuide = .init(qualityTags: ["masterpiece"], style: "danbooru")
    let pony = entry(
      "pony", order: 2, .init(cfg: 7, steps: 25, width: 1024, height: 1024, scheduler: "euler"))
    var noobai = entry(
      "noobai", order: 3,
      .init(cfg: 5.5, steps: 28, width: 832, height: 1216, scheduler: "DPM++ 2M Karras", clipSkip: 1))
    (noobai.defaults.cfgRescale, noobai.defaults.timestepSpacing) = (0.7, "trailing")
    (noobai.prediction, noobai.zeroTerminalSNR, noobai.vae) = ("v_prediction", true, "fp16-fix")
    return [noobai, pony, animagine]
  }

  func send(
    _ method: String, _ path: String, headers: [(String, String)] = [("Host", "localhost:8000")],
    body: String = ""
  ) async -> HTTPResponse {
    var fields = HTTPHeaders()
    for (name, value) in headers { fields.add(name, value) }
    let request = HTTPRequest(
      method: method, target: path, path: path, query: nil, version: .http11, headers: fields,
      body: Array(body.utf8), remoteAddress: "127.0.0.1")
    switch service.respond(to: request) {
    case .now(let response, _): return response
    case .later(_, let work): return await work()
    }
  }

  func post(_ body: String, to path: String = "/generate") async -> HTTPResponse {
    await send(
      "POST", path, headers: [("Host", "localhost:8000"), ("Content-Type", "application/json")], body: body)
  }
}

extension ModelEntry {
  /// A model whose file is there and that has no more defaults than it must.
  static var plain: ModelEntry {
    ModelEntry(
      id: "m", displayName: "M", file: "m.safetensors", source: "local", path: #filePath,
      defaults: .init(cfg: 5, steps: 28, width: 832, height: 1216))
  }
}

extension HTTPResponse {
  var json: JSONValue { (try? JSONValue.parse(body)) ?? .null }

  /// The chunks of the picture.
  func chunks() throws -> [PNGText] {
    let png = json["image"]?.stringValue.flatMap { Data(base64Encoded: $0) } ?? Data()
    return try PNG.text(in: Array(png))
  }

  /// The `loc` of each mistake without `body`, as `loras.0.name`.
  var places: [String] {
    (json["detail"]?.arrayValue ?? []).map { issue in
      (issue["loc"]?.arrayValue ?? []).dropFirst().map { $0.stringValue ?? $0.numberValue?.text ?? "" }
        .joined(separator: ".")
    }
  }

  /// The `msg` of each mistake.
  var messages: [String] { json["detail"]?.arrayValue?.compactMap { $0["msg"]?.stringValue } ?? [] }
}

extension JSONValue {
  var keys: [String] { objectValue?.members.map(\.key) ?? [] }
}
