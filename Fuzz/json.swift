import Foundation
import JSON

/// What is read is written and read again as the same value, is JSON to another reader too, and keeps the limits;
/// what is refused is refused at a place within the document.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = Input(start, count).rest
  let limits = JSONLimits(depth: 16, values: 200, numberLength: 40)
  do {
    let value = try JSONValue.parse(bytes, limits: limits)
    let (depth, values) = extent(value)
    expect(depth <= 16 && values <= 200, "\(values) values, \(depth) deep")
    let written = value.encoded()
    expect((try? JSONValue.parse(written, limits: limits)) == value, "written otherwise than read")
    // Foundation's doubles have an end, and our numbers, kept as text, have none.
    if !hasHugeNumber(value) {
      let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      expect(other != nil, "Foundation refuses it")
    }
  } catch {
    expect((0...bytes.count).contains(error.byteOffset), "wrong at \(error.byteOffset) of \(bytes.count)")
    expect(
      (0...error.byteOffset).contains(error.position), "character \(error.position), byte \(error.byteOffset)"
    )
  }
  return 0
}

private func extent(_ value: JSONValue) -> (depth: Int, values: Int) {
  let inner: [JSONValue] =
    switch value {
    case .array(let elements): elements
    case .object(let object): object.members.map(\.value)
    default: []
    }
  let extents = inner.map(extent)
  let isContainer = value.arrayValue != nil || value.objectValue != nil
  return ((extents.map(\.depth).max() ?? 0) + (isContainer ? 1 : 0), extents.reduce(1) { $0 + $1.values })
}

private func hasHugeNumber(_ value: JSONValue) -> Bool {
  switch value {
  case .number(let number): number.double.map { !$0.isFinite } ?? true
  case .array(let elements): elements.contains(where: hasHugeNumber)
  case .object(let object): object.members.contains { hasHugeNumber($0.value) }
  default: false
  }
}
