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
  let folders: AdapterFolders
  let workers: WorkPool
  let configuration: APIConfiguration
  let jobs: JobStore
  let description: OpenAPIFile
  let started = ContinuousClock.now
  let metrics = RequestMetrics()
  let healthCache = HealthCache()
  private let gate: Gate
  private let crossOrigin: CrossOrigin
  private let routes: RouteTable

  /// - Parameters:
  ///   - registry: the registry as last read; called on the reactor, so it must not wait.
  ///   - folders: of LoRAs, decoders and other adapters, looked into by each request.
  ///   - workers: threads for work that blocks: PNG and the folders.
  ///   - jobs: where jobs are recorded.
  public init(
    engine: any ImageEngine, queue: JobQueue, registry: @escaping @Sendable () -> ModelRegistry,
    folders: AdapterFolders, workers: WorkPool, jobs: JobStore = JobStore(), configuration: APIConfiguration
  ) {
    (self.engine, self.queue, self.registry) = (engine, queue, registry)
    (self.folders, self.workers, self.jobs, self.configuration) = (folders, workers, jobs, configuration)
    crossOrigin = CrossOrigin(allowed: configuration.allowedOrigins)
    gate = Gate(allowedHosts: configuration.allowedHosts, crossOrigin: crossOrigin)
    description = OpenAPIFile(routes: Route.all, version: configuration.version)
    routes = RouteTable(Route.all)
  }

  public func respond(to request: HTTPRequest) -> HTTPReply {
    let reply: HTTPReply
    do {
      switch try admit(request) {
      case .route(let route, let arguments, let client):
        try turnAway(client, from: route)
        let story = RequestStory(route: route.path.text, client: client)
        let call = RouteCall(request: request, arguments: arguments, account: story)
        reply = route.answer(self, call).with(account: story)
      case .answered(let response, let client):
        reply = .now(response, account: RequestStory(route: nil, client: client))
      }
    } catch {
      reply = .now(refusal(error, of: request))
    }
    return crossOrigin.marked(reply, for: request)
  }

  public func refusal(ofHead head: HTTPRequest) -> HTTPResponse? {
    do {
      if case .route(let route, _, let client) = try admit(head) { try foresee(client, route) }
      return nil
    } catch {
      return crossOrigin.marked(refusal(error, of: head), for: head)
    }
  }

  private enum Admission {
    case route(Route, arguments: [String: String], Client)
    case answered(HTTPResponse, Client)
  }

  /// All that is decided by the head of a request: whether its sender is let in, and where it goes.
  ///
  /// Without a known token, what is not there is not told from what is.
  private func admit(_ request: HTTPRequest) throws(APIError) -> Admission {
    try gate.check(request)
    // Neither says anything of a path, so neither asks for a token, which browsers do not send ahead.
    let general = request.path == "*" ? RouteTable.general : crossOrigin.preflight(request)
    if let general, request.method == "OPTIONS" {
      return .answered(general, Client(address: request.remoteAddress))
    }
    let match: RouteTable.Match
    do {
      match = try routes.find(method: request.method, path: request.path)
    } catch {
      // Of open routes anyone may know.
      if !routes.isOpen(request.path) { _ = try authenticate(request) }
      throw error
    }
    switch match {
    case .options(let allow):
      let client =
        routes.isOpen(request.path) ? Client(address: request.remoteAddress) : try authenticate(request)
      return .answered(HTTPResponse(status: 204, headers: ["Allow": allow]), client)
    case .route(let route, let arguments):
      let client =
        route.access == .open ? Client(address: request.remoteAddress) : try authenticate(request)
      try route.body.checkType(request.headers)
      return .route(route, arguments: arguments, client)
    }
  }

  private func refusal(_ error: APIError, of request: HTTPRequest) -> HTTPResponse {
    error.response(as: routes.errors(at: request.path), to: request)
  }

  public func refusal(of error: HTTPError, _ partial: HTTPRequest?) -> HTTPResponse {
    let failure = APIError(
      error.status, error.code, error.detail, retryAfter: error.status == 503 ? 1 : nil)
    return partial.map { refusal(failure, of: $0) } ?? failure.response
  }

  /// Runs a slow route and turns what it throws into a response.
  func later(
    errors: ErrorForm = .plain, _ work: @escaping @Sendable () async throws -> HTTPResponse
  ) -> HTTPReply {
    .later {
      do {
        return try await work()
      } catch {
        let failure = APIError(error)
        if failure.code == APIError.internalCode { configuration.report(error) }
        return errors == .openAI ? failure.openAIResponse : failure.response
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
