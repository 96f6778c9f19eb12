public import Generation
public import HTTP
public import Registry
public import Scheduling

/// Darkroom's routes: takes parsed requests, answers with whole responses.
///
/// The liveness and listing routes are computed where they are called, from snapshots; the others answer later.
public struct APIService: HTTPHandler {
  let engine: any ImageEngine
  let queue: JobQueue
  let registry: @Sendable () -> ModelRegistry
  let lorasFolder: String
  let vaesFolder: String
  let workers: WorkPool
  let configuration: APIConfiguration
  let started = ContinuousClock.now
  private let gate: Gate
  private let routes: RouteTable

  /// - Parameters:
  ///   - registry: the registry as last read; called on the reactor, so it must not wait.
  ///   - lorasFolder: listed anew by each `GET /loras`.
  ///   - vaesFolder: looked into by each request that names a decoder.
  ///   - workers: threads for work that blocks: PNG and the folders.
  public init(
    engine: any ImageEngine, queue: JobQueue, registry: @escaping @Sendable () -> ModelRegistry,
    lorasFolder: String, vaesFolder: String, workers: WorkPool,
    configuration: APIConfiguration
  ) {
    (self.engine, self.queue, self.registry) = (engine, queue, registry)
    (self.lorasFolder, self.vaesFolder) = (lorasFolder, vaesFolder)
    (self.workers, self.configuration) = (workers, configuration)
    gate = Gate(allowedHosts: configuration.allowedHosts)
    routes = RouteTable(Route.all)
  }

  public func respond(to request: HTTPRequest) -> HTTPReply {
    do {
      try gate.check(request)
      switch try routes.find(method: request.method, path: request.path) {
      case .route(let route): return route.answer(self, request)
      case .options(let allow):
        var response = HTTPResponse(status: 204, headers: HTTPHeaders(), body: [])
        response.headers.add("Allow", allow)
        return .now(response)
      }
    } catch {
      return .now(error.response)
    }
  }

  public func refusal(of error: HTTPError) -> HTTPResponse {
    APIError(error.status, error.code, error.detail).response
  }

  /// Runs a slow route and turns what it throws into a response.
  func later(_ work: @escaping @Sendable () async throws -> HTTPResponse) -> HTTPReply {
    .later {
      do {
        return try await work()
      } catch {
        let failure = APIError(error)
        if failure.code == APIError.internalCode { configuration.report(error) }
        return failure.response
      }
    }
  }
}
