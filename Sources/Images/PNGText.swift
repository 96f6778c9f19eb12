/// A keyword and its text, kept in a PNG beside the pixels.
public struct PNGText: Sendable, Equatable {
  /// 1 to 79 printable Latin-1 characters.
  public var keyword: String
  public var text: String

  public init(keyword: String, text: String) {
    (self.keyword, self.text) = (keyword, text)
  }

  /// From a chunk as libpng hands it over; `nil` when a text that must be UTF-8 is not.
  init?(
    keyword: UnsafePointer<CChar>?, text: UnsafePointer<UInt8>?, length: Int, isUTF8: Bool
  ) {
    guard let keyword else { return nil }
    let bytes = UnsafeBufferPointer(start: text, count: text == nil ? 0 : length)
    var name = String.UnicodeScalarView()
    var next = keyword
    while next.pointee != 0 {
      name.append(Unicode.Scalar(UInt8(bitPattern: next.pointee)))
      next += 1
    }
    self.keyword = String(name)
    if isUTF8 {
      guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
      self.text = text
    } else {
      self.text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
  }

  /// Appends the data of the chunk and returns its name: tEXt when the text is Latin-1, else iTXt, which is
  /// the choice Pillow makes.
  func append(to data: inout [UInt8]) throws(ImageError) -> (UInt8, UInt8, UInt8, UInt8) {
    guard isKeyword, let name = Self.latin1(keyword), !text.utf8.contains(0) else {
      throw .invalidText(keyword: keyword)
    }
    data += name + [0]
    if let latin1 = Self.latin1(text) {
      data += latin1
      return (0x74, 0x45, 0x58, 0x74)
    }
    // Not compressed, method 0, no language tag, no translated keyword.
    data += [0, 0, 0, 0]
    data += Array(text.utf8)
    return (0x69, 0x54, 0x58, 0x74)
  }

  private var isKeyword: Bool {
    let scalars = keyword.unicodeScalars.map(\.value)
    guard (1...79).contains(scalars.count), scalars.first != 32, scalars.last != 32 else { return false }
    let printable = scalars.allSatisfy { (32...126).contains($0) || (161...255).contains($0) }
    return printable && !zip(scalars, scalars.dropFirst()).contains { $0 == 32 && $1 == 32 }
  }

  private static func latin1(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}
