import JSON

/// The validated header of a safetensors file: nothing in it points outside the file.
public struct SafetensorsHeader: Sendable, Equatable {
  public let tensors: [String: TensorInfo]

  /// The names in the order of their data.
  public let names: [String]

  /// The file's own notes, without any meaning to the format.
  public let metadata: [String: String]

  /// Checks a header in the order of the format's rules, with no look at the data.
  ///
  /// Every byte after the header belongs to exactly one tensor. Beyond the reference, these are refused:
  /// duplicate keys, unknown fields, leading blanks, more than 8 dimensions, names over 1 KiB or with control
  /// characters. Source: huggingface/safetensors README and `tensor.rs`, `read_metadata` and `validate`.
  ///
  /// - Parameters:
  ///   - header: the JSON, without the 8 bytes that give its length.
  ///   - fileSize: bytes of the whole file.
  ///   - file: the base name, for errors.
  /// - Throws: `SafetensorsError` for the first rule broken.
  public static func parse(
    _ header: [UInt8], fileSize: UInt64, file: String
  ) throws(SafetensorsError) -> SafetensorsHeader {
    let document = try object(header, file: file)
    var metadata: [String: String] = [:]
    var entries: [TensorEntry] = []
    entries.reserveCapacity(document.members.count)
    for member in document.members {
      if member.key == "__metadata__" {
        metadata = try self.metadata(member.value, file: file)
      } else {
        entries.append(try TensorEntry(name: member.key, member.value, file: file))
      }
    }
    // A tensor of no bytes may share its place with the one that follows: the shorter comes first.
    entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }

    let dataStart = UInt64(SafetensorsFile.lengthBytes) + UInt64(header.count)
    let dataEnd = try validate(entries, file: file)
    let expected = dataStart + UInt64(dataEnd)
    guard fileSize >= expected else {
      throw SafetensorsError(.truncated(expected: expected, found: fileSize), file: file)
    }
    guard fileSize == expected else {
      throw SafetensorsError(.trailingBytes(expected: expected, found: fileSize), file: file)
    }
    guard let start = Int(exactly: dataStart), Int(exactly: fileSize) != nil else {
      throw SafetensorsError(.sizeOverflow, file: file)
    }
    let infos = entries.map { $0.info(dataStart: start) }
    return SafetensorsHeader(
      tensors: Dictionary(infos.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }),
      names: infos.map(\.name), metadata: metadata)
  }

  /// - Parameter entries: by place.
  /// - Returns: where the last one ends, counted from the end of the header.
  private static func validate(_ entries: [TensorEntry], file: String) throws(SafetensorsError) -> Int {
    var end = 0
    for entry in entries {
      if entry.begin > end {
        throw SafetensorsError(.gap(expected: end, found: entry.begin), file: file, tensor: entry.name)
      }
      if entry.begin < end {
        throw SafetensorsError(.overlap(expected: end, found: entry.begin), file: file, tensor: entry.name)
      }
      end = entry.end
    }
    return end
  }

  private static func object(_ header: [UInt8], file: String) throws(SafetensorsError) -> JSONObject {
    guard header.first == UInt8(ascii: "{") else { throw SafetensorsError(.headerNotObject, file: file) }
    let limits = JSONLimits(depth: SafetensorsLimits.headerDepth, values: SafetensorsLimits.headerValues)
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue.parse(header, limits: limits)
    } catch {
      throw SafetensorsError(error, file: file)
    }
    guard case .object(let object) = value else { throw SafetensorsError(.headerNotObject, file: file) }
    return object
  }

  private static func metadata(
    _ value: JSONValue, file: String
  ) throws(SafetensorsError) -> [String: String] {
    guard case .object(let object) = value else { throw SafetensorsError(.invalidMetadata, file: file) }
    var metadata: [String: String] = [:]
    for member in object.members {
      guard case .string(let text) = member.value else {
        throw SafetensorsError(.invalidMetadata, file: file)
      }
      metadata[member.key] = text
    }
    return metadata
  }
}

extension SafetensorsError {
  /// The outermost key around a mistake in the JSON is the tensor's name.
  fileprivate init(_ error: JSONError, file: String) {
    let kind: Kind =
      switch error.kind {
      case .invalidUTF8: .headerNotUTF8(byteOffset: error.byteOffset)
      case .duplicateKey: .duplicateKey(error.keys.last ?? "")
      case .tooDeep, .tooManyValues, .numberTooLong: .headerTooComplex(reason: error.message)
      default: .headerNotJSON(reason: error.message, position: error.position)
      }
    let tensor = error.keys.first.flatMap { $0 == "__metadata__" ? nil : $0 }
    self.init(kind, file: file, tensor: tensor)
  }
}
