import Hummingbird
import Logging

struct Health: ResponseEncodable {
  private enum CodingKeys: String, CodingKey {
    case status, model = "current_model", models = "available_models", adapter = "ip_adapter_loaded"
    case cuda = "cuda_available", device = "gpu_name", memory = "vram_allocated_gb"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("healthy", forKey: .status)
    try container.encodeNil(forKey: .model)
    try container.encode(["pocket"], forKey: .models)
    try container.encode(false, forKey: .adapter)
    try container.encode(false, forKey: .cuda)
    try container.encodeNil(forKey: .device)
    try container.encode(0.0, forKey: .memory)
  }
}

struct Order: Decodable {
  var prompt: String
  var width: Int?
  var height: Int?
  var steps: Int?
  var seed: Int?
}

/// `peer PORT`: the routes that scripts/bench/http asks of every server.
@main
struct Peer {
  static func main() async throws {
    let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8196
    var logger = Logger(label: "peer")
    logger.logLevel = .error
    let router = Router()
    router.get("health") { _, _ in Health() }
    router.post("generate") { request, context -> HTTPResponse.Status in
      _ = try await request.decode(as: Order.self, context: context)
      return .notFound
    }
    let app = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
    try await app.runService()
  }
}
