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
  let jobs = JobStore()
  let started = ContinuousClock.now
  let metrics = RequestMetrics()
  let healthCache = HealthCache()
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
      let (match, client) = try admit(request)
      switch match {
      case .route(let route, let arguments):
        try turnAway(client, from: route)
        let story = RequestStory(route: route.path.text, client: client)
        return route.answer(self, RouteCall(request: request, arguments: arguments, account: story))
          .with(account: story)
      case .options(let allow):
        let response = HTTPResponse(status: 204, headers: ["Allow": allow])
        return .now(response, account: RequestStory(route: nil, client: client))
      }
    } catch {
      return .now(error.response)
    }
  }

  public func refusal(ofHead head: HTTPRequest) -> HTTPResponse? {
    do {
      _ = try admit(head)
      return nil
    } catch {
      return error.response
    }
  }

  /// All that is decided by the head of a request: whether its sender is let in, and where it goes.
  ///
  /// Without a known token, what is not there is not told from what is.
  private func admit(_ request: HTTPRequest) throws(APIError) -> (RouteTable.Match, Client) {
    try gate.check(request)
    let match: RouteTable.Match
    do {
      match = try routes.find(method: request.method, path: request.path)
    } catch {
      _ = try authenticate(request)
      throw error
    }
    guard case .route(let route, _) = match else { return (match, try authenticate(request)) }
    let client =
      route.access == .open ? Client(address: request.remoteAddress) : try authenticate(request)
    if case .json = route.body { try JSONBody.checkType(request.headers) }
    return (match, client)
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

extension HTTPReply {
  fileprivate func with(account: any RequestAccount) -> HTTPReply {
    switch self {
    case .now(let response, _): .now(response, account: account)
    case .later(_, let work): .later(account: account, work)
    }
  }
}
