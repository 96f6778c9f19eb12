import JSON

/// One entry of a header that is right in itself; where it stands among the others is not yet known.
struct TensorEntry {
  let name: String
  let dtype: DType
  let shape: [Int]

  /// Bytes from the end of the header; `begin <= end`, and their difference is what dtype and shape need.
  let begin: Int
  let end: Int

  init(name: String, _ value: JSONValue, file: String) throws(SafetensorsError) {
    do throws(Mistake) {
      try self.init(name: name, value)
    } catch {
      throw SafetensorsError(error.kind, file: file, tensor: name)
    }
  }

  func info(dataStart: Int) -> TensorInfo {
    TensorInfo(name: name, dtype: dtype, shape: shape, offset: dataStart + begin, byteCount: end - begin)
  }

  private struct Mistake: Error {
    let kind: SafetensorsError.Kind
    init(_ kind: SafetensorsError.Kind) { self.kind = kind }
  }

  private init(name: String, _ value: JSONValue) throws(Mistake) {
    guard name.utf8.count <= SafetensorsLimits.nameBytes else {
      throw Mistake(.nameTooLong(bytes: name.utf8.count))
    }
    guard !name.unicodeScalars.contains(where: \.isControl) else { throw Mistake(.controlCharacterInName) }
    guard case .object(let fields) = value else { throw Mistake(.entryNotObject) }
    for member in fields.members where !["dtype", "shape", "data_offsets"].contains(member.key) {
      throw Mistake(.unknownField(member.key))
    }
    guard let dtype = fields["dtype"] else { throw Mistake(.missingField("dtype")) }
    guard let shape = fields["shape"] else { throw Mistake(.missingField("shape")) }
    guard let offsets = fields["data_offsets"] else { throw Mistake(.missingField("data_offsets")) }

    self.name = name
    self.dtype = try Self.dtype(dtype)
    self.shape = try Self.shape(shape)
    (begin, end) = try Self.offsets(offsets)

    let needed = try Self.byteCount(self.dtype, self.shape)
    guard needed == end - begin else { throw Mistake(.sizeMismatch(stored: end - begin, needed: needed)) }
  }

  private static func dtype(_ value: JSONValue) throws(Mistake) -> DType {
    guard let name = value.stringValue else { throw Mistake(.unknownDType(nil)) }
    guard let dtype = DType(rawValue: name) else { throw Mistake(.unknownDType(name)) }
    return dtype
  }

  private static func shape(_ value: JSONValue) throws(Mistake) -> [Int] {
    guard let dimensions = value.arrayValue else { throw Mistake(.invalidShape) }
    guard dimensions.count <= SafetensorsLimits.rank else { throw Mistake(.rankTooHigh(dimensions.count)) }
    var shape: [Int] = []
    for dimension in dimensions { shape.append(try count(dimension, otherwise: .invalidShape)) }
    return shape
  }

  private static func offsets(_ value: JSONValue) throws(Mistake) -> (begin: Int, end: Int) {
    guard let places = value.arrayValue, places.count == 2 else { throw Mistake(.invalidOffsets) }
    let begin = try count(places[0], otherwise: .invalidOffsets)
    let end = try count(places[1], otherwise: .invalidOffsets)
    guard begin <= end else { throw Mistake(.reversedOffsets(begin: begin, end: end)) }
    return (begin, end)
  }

  /// A whole number of 63 bits: `1.0`, `1e2` and `-0` are no counts.
  private static func count(
    _ value: JSONValue, otherwise kind: SafetensorsError.Kind
  ) throws(Mistake) -> Int {
    guard let number = value.numberValue, number.isIntegerLiteral, !number.text.hasPrefix("-") else {
      throw Mistake(kind)
    }
    guard let count = number.int else { throw Mistake(.sizeOverflow) }
    return count
  }

  /// Multiplied from the left as the reference does: a 0 hides what stands after it, not before.
  private static func byteCount(_ dtype: DType, _ shape: [Int]) throws(Mistake) -> Int {
    var product = 1
    for factor in shape + [dtype.byteCount] {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow else { throw Mistake(.sizeOverflow) }
      product = next
    }
    return product
  }
}
