import Generation
import HTTP
import JSON
import Registry
import Scheduling
import Telemetry

extension APIService {
  /// A body longer than this is parsed on a thread of its own.
  private static let longBody = 64 << 10

  /// Starts a job for the body of a request and answers when it ends, or at once with the events on the way.
  func generate(_ call: RouteCall) async throws -> HTTPResponse {
    var plan = try await plan(try await object(of: call.request))
    let streams = call.request.headers.preferEvents
    plan.request.previewEvery = streams ? plan.previewEvery : 0
    let job = start(plan, call) { try await reply($0) }
    return streams ? await events(of: job) : reply(to: job.id, await job.outcome())
  }

  /// The body's members, in whichever of the two types it came.
  private func object(of request: HTTPRequest) async throws -> JSONObject {
    guard request.headers.sayForm else { return try await object(of: request.body) }
    return try await workers.run {
      try GenerateForm(request.body, contentType: request.headers["Content-Type"] ?? "").body
    }
  }

  func object(of bytes: [UInt8]) async throws -> JSONObject {
    if bytes.count <= Self.longBody { return try JSONBody.object(of: bytes) }
    return try await workers.run { try JSONBody.object(of: bytes) }
  }

  /// Starts a job for a request.
  /// - Parameter reply: of its pictures.
  func start(
    _ plan: GenerationPlan, _ call: RouteCall,
    reply: @escaping @Sendable (MadePictures) async throws -> (body: [UInt8], times: JobTimes)
  ) -> RunningJob {
    let opening = JobOpening(
      id: call.request.requestID, client: call.client.key, model: plan.entry.id, steps: plan.steps,
      isDetached: plan.isDetached)
    return jobs.start(opening) { [story = call.account] reporter in
      do {
        let made = try await make(plan, client: opening.client) { reporter.report($0) }
        let (body, times) = try await reply(made)
        story.job = times
        return JobReply(status: 200, body: body)
      } catch is CancellationError {
        return nil
      } catch {
        let failure = APIError(error)
        if failure.code == APIError.internalCode { configuration.report(error) }
        story.failure = failure
        return JobReply(failure)
      }
    }
  }

  /// A stream of events, once the job is in the queue; what ends it before that is an ordinary reply.
  private func events(of job: RunningJob) async -> HTTPResponse {
    let first = await withTaskCancellationHandler {
      await job.events.next(within: nil)
    } onCancel: {
      job.clientHungUp()
    }
    guard let first else { return reply(to: job.id, .cancelled(onRequest: false)) }
    if case .ended(let outcome) = first { return reply(to: job.id, outcome) }
    let stream = EventStream(job, first: first)
    // Proxies that gather a body before they pass it on are told not to.
    let headers: HTTPHeaders = [
      "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
      "X-Job-Id": job.id,
    ]
    return HTTPResponse(
      status: 200, headers: headers,
      stream: HTTPBodyStream(hungUp: { job.clientHungUp() }) { await stream.next() })
  }

  private func reply(to id: String, _ outcome: JobOutcome) -> HTTPResponse {
    let reply = JobReply(outcome)
    var response = HTTPResponse(status: reply.status, body: reply.body)
    response.headers.add("Content-Type", "application/json")
    if let seconds = reply.retryAfter { response.headers.add("Retry-After", String(seconds)) }
    return marked(response, with: id)
  }

  /// The response with the id of its job; one that found no room is known to nobody.
  func marked(_ response: HTTPResponse, with id: String) -> HTTPResponse {
    var response = response
    if jobs.record(id, of: nil) != nil { response.headers.add("X-Job-Id", id) }
    return response
  }
}

extension JobReply {
  init(_ error: APIError) {
    self.init(status: error.status, body: error.response.body, retryAfter: error.retryAfter)
  }

  /// What the client that waits for a job is told.
  init(_ outcome: JobOutcome) {
    switch outcome {
    case .reply(let reply): self = reply
    case .cancelled(onRequest: true): self.init(APIError.cancelled)
    case .cancelled(onRequest: false): self.init(APIError(CancellationError()))
    }
  }
}
