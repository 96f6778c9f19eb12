public import Foundation
import JSON

/// A safetensors file's bytes, to be damaged.
public struct CheckpointBytes {
  public struct Missing: Error {}

  public var bytes: [UInt8]

  public init(_ url: URL) throws { bytes = Array(try Data(contentsOf: url)) }

  public func write(to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

  /// A file of the tensors whose names begin with `prefix`, without it.
  public func extracting(_ prefix: String) throws -> [UInt8] {
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard case .object(let header) = try JSONValue.parse(Array(bytes[8..<(8 + length)])) else {
      throw Missing()
    }
    var (entries, data) = (JSONObject(), [UInt8]())
    for member in header.members where member.key.hasPrefix(prefix) {
      guard case .object(var entry) = member.value else { throw Missing() }
      let start = data.count
      data += bytes[try range(of: member.key)]
      entry["data_offsets"] = .array([.number(JSONNumber(start)), .number(JSONNumber(data.count))])
      entries[String(member.key.dropFirst(prefix.count))] = .object(entry)
    }
    let text = JSONValue.object(entries).encoded()
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
  }

  /// Where the bytes of `tensor` lie.
  public func range(of tensor: String) throws -> Range<Int> {
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard case .object(let header) = try JSONValue.parse(Array(bytes[8..<(8 + length)])),
      case .object(let entry)? = header[tensor], case .array(let offsets)? = entry["data_offsets"],
      offsets.count == 2, case .number(let start) = offsets[0], case .number(let end) = offsets[1],
      let start = start.int, let end = end.int
    else { throw Missing() }
    return (8 + length + start)..<(8 + length + end)
  }

  /// Every number of a float16 tensor becomes `bits`.
  public mutating func fill(_ tensor: String, float16 bits: UInt16) throws {
    for offset in stride(from: try range(of: tensor).lowerBound, to: try range(of: tensor).upperBound, by: 2)
    {
      bytes[offset] = UInt8(bits & 0xFF)
      bytes[offset + 1] = UInt8(bits >> 8)
    }
  }

  /// Replaces a name in the header by one of the same length.
  public mutating func rename(_ old: String, _ new: String) throws {
    guard old.utf8.count == new.utf8.count,
      let place = bytes.firstRange(of: Array("\"\(old)\"".utf8))
    else { throw Missing() }
    bytes.replaceSubrange(place, with: Array("\"\(new)\"".utf8))
  }
}
