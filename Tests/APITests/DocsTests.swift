import Access
import Downloads
import Foundation
import HTTP
import JSON
import Testing

@testable import API

@Suite struct DocsTests {
  private let browser = [
    ("Host", "localhost"), ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
  ]

  @Test func thePageIsWhole() async throws {
    let reply = try await Bench().send("GET", "/docs")
    #expect((reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8"))
    let page = String(decoding: reply.body, as: UTF8.self)
    #expect(page.hasPrefix("<!doctype html>"))
    #expect(!page.contains("/*STYLE*/") && !page.contains("/*SCRIPT*/"))
    // Nothing is loaded from elsewhere, or from here without a token.
    for mark in ["http:", "https:", "src=\"", "url(", "@import", "innerHTML", "eval("] {
      #expect(!page.contains(mark), "\(mark)")
    }
  }

  /// What a browser hashes is what stands between the tags (CSP level 3 §6.7.3.3).
  @Test(arguments: [("script-src", "<script>", "</script>"), ("style-src", "<style>", "</style>")])
  func thePolicyLetsInlinePartsRun(directive: String, open: String, close: String) async throws {
    let reply = try await Bench().send("GET", "/docs")
    let page = String(decoding: reply.body, as: UTF8.self)
    let start = try #require(page.range(of: open)).upperBound
    let end = try #require(page.range(of: close)).lowerBound
    let hex = try SHA256.digest(of: Array(page[start..<end].utf8))
    let digest = stride(from: 0, to: hex.count, by: 2).compactMap {
      UInt8(hex.dropFirst($0).prefix(2), radix: 16)
    }
    let policy = try #require(reply.headers["Content-Security-Policy"]).components(separatedBy: "; ")
    #expect(policy.contains("\(directive) 'sha256-\(Data(digest).base64EncodedString())'"))
  }

  @Test func thePageKeepsToItself() async throws {
    let reply = try await Bench().send("GET", "/docs")
    let policy = try #require(reply.headers["Content-Security-Policy"]).components(separatedBy: "; ")
    for directive in [
      "default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "connect-src 'self'",
    ] {
      #expect(policy.contains(directive))
    }
    #expect(!policy.contains { $0.contains("unsafe") || $0.contains("*") })
    #expect(reply.headers["Referrer-Policy"] == "no-referrer")
    #expect(reply.headers["Cross-Origin-Opener-Policy"] == "same-origin")
  }

  @Test func aBrowserWithoutATokenGetsThePageToo() async throws {
    let table = try TokenTable(text: "anna sesame")
    let bench = try Bench { $0.tokens = { table } }
    let page = await bench.send("GET", "/docs", headers: browser)
    #expect((page.status, page.headers["WWW-Authenticate"]) == (401, "Bearer"))
    #expect(page.headers["Content-Type"] == "text/html; charset=utf-8")
    #expect(page.headers["Content-Security-Policy"] != nil)
    #expect(page.body == (try await Bench().send("GET", "/docs")).body)
    // Others get what every route says, and so does a browser elsewhere.
    #expect(await bench.send("GET", "/docs").json["code"] == "unauthorized")
    #expect(await bench.send("GET", "/openapi.json", headers: browser).json["code"] == "unauthorized")
    #expect(
      await bench.send("POST", "/docs", headers: browser + [("Authorization", "Bearer sesame")]).status == 405
    )
  }
}
