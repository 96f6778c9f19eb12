import HTTP
import Testing

private let type = "multipart/form-data; boundary=b"

private func parse(
  _ body: String, _ contentType: String = type, _ limits: MultipartLimits = MultipartLimits()
) -> Result<[String], MultipartError> {
  Result { () throws(MultipartError) in
    try Multipart.parse([UInt8](body.utf8), contentType: contentType, limits: limits).map(summary)
  }
}

/// `name|filename|type|body`, `-` for what is missing.
private func summary(_ part: MultipartPart) -> String {
  "\(part.name)|\(part.filename ?? "-")|\(part.contentType ?? "-")|\(String(decoding: part.body, as: UTF8.self))"
}

private func field(_ name: String, _ body: String, _ more: String = "") -> String {
  "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\(more)\r\n\r\n\(body)\r\n"
}

struct Form: CustomTestStringConvertible, Sendable {
  var name: String
  var contentType = type
  var body: String
  var parts: [String]

  var testDescription: String { name }
}

/// Bodies as the clients named wrote them.
private let sent = [
  Form(
    name: "requests 2.34", contentType: "multipart/form-data; boundary=c81be4d84c616934d2083988d43cac34",
    body: "--c81be4d84c616934d2083988d43cac34\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n1\r\n"
      + "--c81be4d84c616934d2083988d43cac34\r\nContent-Disposition: form-data; name=\"image\"; "
      + "filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n\r\n--\r\n"
      + "--c81be4d84c616934d2083988d43cac34\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n"
      + "un chat à \"deux\"\r\n--c81be4d84c616934d2083988d43cac34--\r\n",
    parts: ["n|-|-|1", "image|a.png|image/png|PNG\r\n\r\n--", "prompt|-|-|un chat à \"deux\""]),
  Form(
    name: "httpx 0.28", contentType: "multipart/form-data; boundary=cb5cf4ce91ae4366a52c09032fb9b6df",
    body: "--cb5cf4ce91ae4366a52c09032fb9b6df\r\nContent-Disposition: form-data; name=\"image\"; "
      + "filename=\"é%22\\\\.png\"\r\nContent-Type: image/png\r\n\r\nx\r\n"
      + "--cb5cf4ce91ae4366a52c09032fb9b6df--\r\n",
    parts: ["image|é%22\\.png|image/png|x"]),
  Form(
    name: "undici 6", contentType: "multipart/form-data; boundary=----formdata-undici-070163933507",
    body:
      "------formdata-undici-070163933507\r\nContent-Disposition: form-data; name=\"pro%22m%0D%0At\"\r\n\r\n"
      + "x\r\n------formdata-undici-070163933507\r\nContent-Disposition: form-data; name=\"image[]\"; "
      + "filename=\"é%22\\.png\"\r\nContent-Type: image/png\r\n\r\ny\r\n"
      + "------formdata-undici-070163933507--\r\n",
    parts: ["pro%22m%0D%0At|-|-|x", "image[]|é%22\\.png|image/png|y"]),
]

/// What the grammar allows beyond what clients write.
private let allowed = [
  Form(name: "nothing", body: "--b--", parts: []),
  Form(name: "an empty part", body: field("a", "") + "--b--", parts: ["a|-|-|"]),
  Form(name: "preamble and epilogue", body: "pre\r\n\(field("a", "1"))--b--\r\npost", parts: ["a|-|-|1"]),
  Form(
    name: "a preamble that looks like it", body: "--bx\r\n\(field("a", "1"))--b--", parts: ["a|-|-|1"]),
  Form(name: "an epilogue without a line", body: field("a", "1") + "--b-- more", parts: ["a|-|-|1"]),
  Form(
    name: "blanks behind a boundary",
    body: "--b \t\r\nContent-Disposition:form-data;name=a\r\n\r\n1\r\n--b--", parts: ["a|-|-|1"]),
  Form(
    name: "a longer boundary in the data", body: field("a", "\r\n--bx\r\n--b-\r\n --b") + "--b--",
    parts: ["a|-|-|\r\n--bx\r\n--b-\r\n --b"]),
  Form(
    name: "the same name twice", body: field("image[]", "1") + field("image[]", "2") + "--b--",
    parts: ["image[]|-|-|1", "image[]|-|-|2"]),
  Form(
    name: "line breaks at the ends of data", body: field("a", "\r\n\r\n") + "--b--",
    parts: ["a|-|-|\r\n\r\n"]),
  Form(
    name: "a quoted boundary with blanks",
    contentType: "Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\";",
    body: "--a b:c\r\ncontent-disposition: FORM-DATA; NAME=\"x\"\r\nX-Other: 1\r\n\r\n1\r\n--a b:c--",
    parts: ["x|-|-|1"]),
  Form(
    name: "quotes with and without backslash",
    body: field("a", "", "; filename=\"C:\\temp\\\"x\\\".png\"") + "--b--", parts: ["a|C:\\temp\"x\".png|-|"]),
  Form(
    name: "RFC 5987's file name", body: field("a", "", "; filename*=utf-8''%C3%A9.png") + "--b--",
    parts: ["a|utf-8''%C3%A9.png|-|"]),
  Form(
    name: "binary",
    body: "--b\r\nContent-Transfer-Encoding: BINARY\r\n"
      + "Content-Disposition: form-data; name=a\r\n\r\n1\r\n--b--", parts: ["a|-|-|1"]),
]

@Suite struct MultipartTests {
  @Test(arguments: sent + allowed)
  func formsAreTakenApart(_ form: Form) {
    #expect(parse(form.body, form.contentType) == .success(form.parts))
  }

  /// Cut anywhere before the end of its last boundary, a form is refused.
  @Test(arguments: sent + allowed)
  func cutFormsAreRefused(_ form: Form) throws {
    let body = [UInt8](form.body.utf8)
    let boundary = try #require(
      form.contentType.split(separator: "oundary=").last?.split(separator: "\"").first)
    let closing = [UInt8]("--\(boundary)--".utf8)
    let end = try #require((0...(body.count - closing.count)).last { body[$0...].starts(with: closing) })
    for count in 0..<(end + closing.count) {
      #expect(throws: MultipartError.self, "\(count) bytes") {
        try Multipart.parse(Array(body[..<count]), contentType: form.contentType)
      }
    }
  }

  @Test(arguments: [
    "", "text/plain", "multipart/form-data", "multipart/mixed; boundary=b", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"b",
    "multipart/form-data; boundary=\"b \"",
    "multipart/form-data; boundary=b; boundary=b", "multipart/form-data; boundary=é",
    "multipart/form-data, boundary=b",
    "multipart/form-data; boundary = b", "multipart/form-data; boundary=b c",
    "multipart/form-data; boundary=" + String(repeating: "b", count: 71),
  ])
  func wrongContentTypes(_ contentType: String) {
    let result = parse(field("a", "1") + "--b--", contentType)
    guard case .failure(.contentType) = result else {
      Issue.record("\(result)")
      return
    }
  }

  @Test func theLongestBoundary() {
    let boundary = String(repeating: "b", count: 70)
    #expect(parse("--\(boundary)--", "multipart/form-data; boundary=\(boundary)") == .success([]))
  }

  @Test(arguments: [
    "--c\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--c--",
    "\n--b\nContent-Disposition: form-data; name=a\n\n1\n--b--",
    "--b\r\nContent-Disposition: form-data; name=a\r\n1\r\n--b--",
    "--b\r\n\r\n1\r\n--b--",
    "--b\r\nX-A: 1\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: form-data; filename=a\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: form-data; name=a b\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: form-data; name=\"a\0\"\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: form-data; name=\"a\nb\"\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition : form-data; name=a\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1\r\n--b--",
    "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--b--",
    "--b\r\n--b--", "--b\r\n\r\n--b--", String(repeating: "-", count: 10_000),
  ])
  func malformedForms(_ body: String) {
    guard case .failure(.malformed) = parse(body) else {
      Issue.record("\(parse(body))")
      return
    }
  }

  @Test func bytesThatAreNotUTF8AreNoName() {
    let body =
      [UInt8]("--b\r\nContent-Disposition: form-data; name=\"".utf8) + [0xFF]
      + [UInt8]("\"\r\n\r\n\r\n--b--".utf8)
    #expect(throws: MultipartError.malformed("A part has no Content-Disposition: form-data with a name.")) {
      try Multipart.parse(body, contentType: type)
    }
  }

  @Test func limitsAreKept() {
    var limits = MultipartLimits()
    limits.parts = 2
    let two = field("a", "1") + field("b", "2")
    #expect(parse(two + "--b--", type, limits) == .success(["a|-|-|1", "b|-|-|2"]))
    #expect(
      parse(two + field("c", "3") + "--b--", type, limits)
        == .failure(.tooLarge("The form has more than 2 parts.")))
    let line = "Content-Disposition: form-data; name=a\r\n"
    limits.headerBytes = line.utf8.count + 2
    #expect(parse("--b\r\n\(line)\r\n1\r\n--b--", type, limits) == .success(["a|-|-|1"]))
    let over = MultipartError.tooLarge("The header of a part is larger than \(limits.headerBytes) bytes.")
    #expect(parse("--b\r\n\(line)X: 1\r\n\r\n1\r\n--b--", type, limits) == .failure(over))
  }

  /// A search that began anew at each byte, or a copy a part, would take minutes.
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      "\r", "\r\n", "\r\n--", "\r\n--bbbbbbbb", "\r\n--bbbbbbbbb\r", "-", "\r\n--bbbbbbbbb ", "a",
    ])
  func hostileFormsTakeLinearTime(_ piece: String) throws {
    let filling = String(repeating: piece, count: 4 << 20 / piece.utf8.count)
    let body = [UInt8]("--bbbbbbbbb\r\nContent-Disposition: form-data; name=a\r\n\r\n\(filling)".utf8)
    let clock = ContinuousClock()
    let took = clock.measure {
      for contentType in ["multipart/form-data; boundary=bbbbbbbbb", type] {
        _ = try? Multipart.parse(body, contentType: contentType)
      }
    }
    #expect(took < .seconds(5))
  }
}
