import Hummingbird
import Logging

struct Health: ResponseCodable {
  var status = "healthy"
  var current_model: String?
  var available_models = ["pocket"]
  var ip_adapter_loaded = false
  var cuda_available = false
  var gpu_name: String?
  var vram_allocated_gb = 0.0
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
