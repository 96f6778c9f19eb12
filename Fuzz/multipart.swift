import HTTP

/// Parts keep the limits; written down again with the same boundary, the same parts are read.
///
/// The first line is the Content-Type, the rest the body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = Input(start, count).rest
  let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
  let body = Array(bytes.dropFirst(line.count + 1))
  let type = String(decoding: line, as: UTF8.self)
  var limits = MultipartLimits()
  (limits.parts, limits.headerBytes) = (8, 512)
  guard let parts = try? Multipart.parse(body, contentType: type, limits: limits) else { return 0 }
  expect(parts.count <= limits.parts, "\(parts.count) parts")
  expect(parts.reduce(0) { $0 + $1.body.count } <= body.count, "more bytes than came")
  // A boundary no fuzzer's data holds.
  let boundary = "7d4a1f0c5b"
  guard !parts.isEmpty, parts.allSatisfy({ isPlain($0, without: boundary) }) else { return 0 }
  var written: [UInt8] = []
  for part in parts {
    written += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"\r\n\r\n".utf8)
    written += part.body + Array("\r\n".utf8)
  }
  written += Array("--\(boundary)--\r\n".utf8)
  let again = try? Multipart.parse(
    written, contentType: "multipart/form-data; boundary=\(boundary)", limits: limits)
  expect(again?.map(\.name) == parts.map(\.name), "other names than before")
  expect(again?.map { Array($0.body) } == parts.map { Array($0.body) }, "other bytes than before")
  return 0
}

/// Whether the name needs no escape and nothing can be taken for the boundary.
private func isPlain(_ part: MultipartPart, without boundary: String) -> Bool {
  part.name.utf8.count < 100
    && part.name.utf8.allSatisfy {
      (33...126).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        && $0 != UInt8(ascii: "%")
    }
    && !String(decoding: part.body, as: UTF8.self).contains(boundary)
}
