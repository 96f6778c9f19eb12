import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized) struct LogTests {
  private static let body =
    #"{"prompt": "a very secret cat", "width": 64, "height": 64, "steps": 3, "seed": 1}"#

  /// Makes the fake engine write many lines.
  private static let talking = #"{"prompt": "talk", "width": 64, "height": 64, "steps": 1, "seed": 1}"#

  private func lines(_ server: RunningServer) throws -> [JSONValue] {
    try server.logText.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
  }

  @Test func inJSONEveryLineIsAnObject() async throws {
    let server = try Served.start(["--log-format", "json"])
    try await server.wait(for: "/readyz")
    let id = ["-H", "X-Request-Id: picture-1"]
    #expect(try server.curl("/generate", body: Self.body, extra: id).status == 200)
    #expect(try server.curl("/generate", body: Self.talking).status == 200)
    #expect(try server.curl("/no-such?token=hidden").status == 404)
    try await server.waitForLog("/no-such")
    let lines = try lines(server)
    #expect(lines.allSatisfy { $0["ts"] != nil && $0["level"] != nil && $0["event"] != nil })
    let picture = try #require(lines.first { $0["id"] == "picture-1" })
    #expect((picture["event"], picture["route"], picture["status"]) == ("request", "/generate", 200))
    #expect(picture["bytes_in"]?.numberValue?.int == Self.body.utf8.count)
    #expect((picture["steps"], picture["remote"]) == (3, "127.0.0.1"))
    for key in ["bytes", "total_ms"] { #expect((picture[key]?.numberValue?.double ?? 0) > 0) }
    for key in ["queue_ms", "swap_ms", "load_ms", "step_ms"] { #expect(picture[key]?.numberValue != nil) }
    #expect(lines.count { $0["event"]?.stringValue?.hasPrefix("line ") == true } == 1500)
    let lost = try #require(lines.first { $0["path"] == "/no-such" })
    #expect((lost["route"], lost["status"], lost["client"]) == (.null, 404, .null))
    #expect(!server.logText.contains("secret") && !server.logText.contains("hidden"))
  }

  @Test("A log that takes nothing more loses lines, the engine's too, and holds up no picture")
  func aStuckLogHoldsUpNoPicture() async throws {
    let unread = Pipe()
    let server = try RunningServer(
      models: Repository.models.path, arguments: Served.engine + ["--job-timeout", "5"], errors: unread)
    try await server.wait(for: "/readyz")
    for _ in 0..<4 { #expect(try server.curl("/generate", body: Self.talking).status == 200) }
    let metrics = String(decoding: try server.curl("/metrics").body, as: UTF8.self)
    #expect(!metrics.contains("\ndarkroom_log_lines_dropped_total 0\n"))
    server.signal(SIGTERM)
    server.process.waitUntilExit()
    #expect(server.process.terminationStatus == 0)
    try unread.fileHandleForReading.close()
  }

  @Test func promptsAtDebugAlone() async throws {
    let server = try Served.start(["--log-level", "debug"])
    try await server.wait(for: "/readyz")
    #expect(try server.curl("/generate", body: Self.body).status == 200)
    try await server.waitForLog(#"prompt="a very secret cat""#)
    #expect(server.logText.contains(" debug making a picture model=pocket "))
  }

  @Test func theAccessLogMayBeOff() async throws {
    let server = try Served.start(["--access-log", "off"])
    try await server.wait(for: "/readyz")
    server.signal(SIGTERM)
    server.process.waitUntilExit()
    #expect(server.logText.contains(" notice stopping drain-seconds=30"))
    #expect(!server.logText.contains("/readyz"))
  }

  @Test func metricsTellWhatWasDone() async throws {
    let server = try Served.start(["--model", "pocket"])
    try await server.wait(for: "/readyz")
    #expect(try server.curl("/generate", body: Self.body).status == 200)
    #expect(try server.curl("/generate", body: "{").status == 422)
    let text = String(decoding: try server.curl("/metrics").body, as: UTF8.self)
    for line in [
      #"darkroom_http_requests_total{route="/generate",method="POST",status="200"} 1"#,
      #"darkroom_http_requests_total{route="/generate",method="POST",status="422"} 1"#,
      #"darkroom_jobs_total{outcome="completed"} 1"#, "darkroom_step_seconds_count 2",
      #"darkroom_jobs{state="running"} 0"#, "darkroom_queue_limit 16", "darkroom_engine_up 1",
      "darkroom_queue_wait_seconds_count 1", "darkroom_log_lines_dropped_total 0",
      #"process_resident_memory_bytes{process="engine"} "#,
    ] {
      #expect(text.contains("\n\(line)"), "no \(line)")
    }
  }
}
