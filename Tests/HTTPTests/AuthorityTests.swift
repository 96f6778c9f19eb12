import Testing

@testable import HTTP

/// Which bytes name a host; the statuses that follow are tested with the Host field and the targets.
@Suite struct AuthorityTests {
  @Test(
    arguments: [
      ("h", "h", nil, false), ("Box-1.Example_x:8000", "box-1.example_x", 8000, false),
      ("localhost:", "localhost", nil, false), ("h:0", "h", 0, false), ("h:65535", "h", 65535, false),
      ("h:00080", "h", 80, false), ("127.0.0.1:81", "127.0.0.1", 81, true), ("0x7f.1", "0x7f.1", nil, false),
      ("127.1", "127.1", nil, false), ("1.2.3.4.5", "1.2.3.4.5", nil, false), ("[::1]", "[::1]", nil, true),
      ("[FE80::A]:9106", "[fe80::a]", 9106, true), ("[::ffff:1.2.3.4]:", "[::ffff:1.2.3.4]", nil, true),
    ] as [(String, String, Int?, Bool)])
  func parts(text: String, host: String, port: Int?, isAddress: Bool) throws {
    let authority = try #require(Authority(text.utf8))
    #expect(authority.host == host)
    #expect(authority.port == port)
    #expect(authority.isAddress == isAddress)
  }

  @Test(arguments: [
    "", ":80", "a b", "a, b", "h/x", "h\\x", "h~x", "h%41", "é", "u:p@h", "u@h", "h:65536", "h:+80", "h:-1",
    "h:8x", "h:000080", "h:80:80", "h:999999999999999999999", "::1", "[]", "[::1", "[::1]x", "[::g]", "[:::]",
    "[::1::]", "[1:2]", "[127.0.0.1]", "[1:2:3:4:5:6:7:8:9]", "[fe80::1%25lo]", "[fe80::1%lo]", "[::1\0]",
    "[::1\0x]", "127.0.0.1\0x",
  ])
  func refused(text: String) {
    #expect(Authority(text.utf8) == nil)
  }

  @Test func namesHaveAtMost255Bytes() {
    let longest = String(repeating: "a", count: 255)
    #expect(Authority("\(longest):65535".utf8)?.host == longest)
    #expect(Authority("\(longest)a".utf8) == nil)
  }

  @Test func partsOfLargerBytesAreRead() {
    #expect(Authority(Array("http://h:1/x".utf8)[7..<10])?.port == 1)
  }

  @Test(arguments: [
    ("h", "http://h"), ("h", "https://h"), ("h", "http://h:80"), ("h", "https://h:443"), ("h:80", "http://h"),
    ("h:443", "https://h"), ("H:8000", "http://h:8000"), ("[::A]:1", "http://[::a]:1"),
  ])
  func ownOrigins(host: String, origin: String) {
    #expect(Authority(host.utf8)?.serves(origin: origin) == true)
  }

  @Test(arguments: [
    ("h", "null"), ("h", ""), ("h", "h"), ("h", "http://"), ("h", "ftp://h"), ("h", "http://h/"),
    ("h", "http://h.evil"), ("h", "http://h:443"), ("h", "https://h:80"), ("h:443", "http://h"),
    ("h:8000", "http://h"), ("h:8000", "http://h:3000"), ("h", "http://u@h"), ("h", "http://http://h"),
  ])
  func foreignOrigins(host: String, origin: String) {
    #expect(Authority(host.utf8)?.serves(origin: origin) == false)
  }
}
