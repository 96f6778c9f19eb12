import HTTP
import JSON
import Scheduling

extension Route {
  static let jobs: [Route] = [
    Route(
      method: .get, path: "/jobs",
      summary: "The jobs that go on, and those that ended lately; the newest first.",
      replies: [
        .json(200, "Those of the token, where there are tokens.", .record(["jobs": .array(JobRecord.shape)]))
      ],
      answer: { service, call in .now(service.listJobs(call)) }),
    Route(
      method: .get, path: "/jobs/{id}", summary: "How far a job is, and the result of a detached one.",
      parameters: [jobID],
      replies: [.json(200, "The job.", JobRecord.detailShape), unknown],
      answer: { service, call in service.later { service.showJob(call) } }),
    Route(
      method: .post, path: "/jobs/{id}/cancel",
      summary: "Ends a job within one step; one that is over stays as it is.",
      parameters: [jobID],
      replies: [.json(200, "The job as it is then.", JobRecord.shape), unknown],
      answer: { service, call in .now(service.cancelJob(call)) }),
  ]

  private static let jobID = PathParameter(
    name: "id", summary: "The X-Job-Id of the reply: the request's X-Request-Id, unless that was in use.")

  private static let unknown = Reply.json(
    404, "No such job, or another token's.", .record(["detail": .text, "code": .choice(["job_not_found"])]))
}

extension APIService {
  /// Ends every job, because the server stops: what detached ones come to would be lost with it.
  public func cancelJobs() { jobs.cancelAll() }

  func listJobs(_ call: RouteCall) -> HTTPResponse {
    .json(["jobs": .array(jobs.records(of: call.client.owner).map(\.json))])
  }

  func showJob(_ call: RouteCall) -> HTTPResponse {
    let (id, owner) = (call.arguments["id"] ?? "", call.client.owner)
    guard let record = jobs.record(id, of: owner) else { return Self.unknownJob }
    guard let result = jobs.reply(id, of: owner) else { return .json(record.detail) }
    // The result is JSON already, and long.
    var response = HTTPResponse.json(record.json)
    response.body.reserveCapacity(response.body.count + result.count + 16)
    response.body.removeLast()
    response.body += #","result":"#.utf8
    response.body += result
    response.body.append(UInt8(ascii: "}"))
    return response
  }

  func cancelJob(_ call: RouteCall) -> HTTPResponse {
    guard let record = jobs.cancel(call.arguments["id"] ?? "", of: call.client.owner) else {
      return Self.unknownJob
    }
    return .json(record.json)
  }

  private static let unknownJob = APIError(404, "job_not_found", "There is no such job").response
}

extension Client {
  /// Whose jobs this client may see: without tokens everyone is the same user.
  fileprivate var owner: String? { token == nil ? nil : key }
}
