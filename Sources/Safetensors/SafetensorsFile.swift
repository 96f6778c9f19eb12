import Glibc

/// An open safetensors file whose header has been checked; its data is read on demand.
///
/// The file is opened once and never mapped, so replacing it by renaming does no harm and cutting it short
/// is an error instead of a signal. Reads share no position: any number of threads may read at once.
public final class SafetensorsFile: Sendable {
  /// The base name.
  public let name: String
  public let header: SafetensorsHeader

  /// Bytes of the whole file.
  public let byteCount: Int

  private let handle: FileHandle

  /// Bytes before the header that give its length, little-endian.
  static let lengthBytes = 8

  /// Opens a file and checks its header.
  ///
  /// - Throws: `SafetensorsError` when it cannot be opened or read, is not a regular file, or breaks a rule
  ///   of the format (see `SafetensorsHeader.parse`).
  public init(path: String) throws(SafetensorsError) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    do throws(FileHandle.Failure) {
      handle = try FileHandle(path: path)
    } catch {
      throw SafetensorsError(error.kind, file: name)
    }
    self.name = name
    byteCount = handle.identity.size
    let header = try Self.headerBytes(of: handle, file: name)
    self.header = try SafetensorsHeader.parse(header, fileSize: UInt64(handle.identity.size), file: name)
  }

  /// Fills a buffer with bytes of a tensor, as they stand in the file (little-endian).
  ///
  /// - Parameters:
  ///   - tensor: one of this file's.
  ///   - buffer: its length is the number of bytes read; it may start at any address.
  ///   - offsetInTensor: the first byte wanted, 0 to the tensor's `byteCount`.
  /// - Throws: `SafetensorsError` when the tensor is not of this file, the range is not within it, reading
  ///   fails, or the file was changed after it was opened. The buffer's contents are then of no use.
  public func read(
    _ tensor: TensorInfo, into buffer: UnsafeMutableRawBufferPointer, at offsetInTensor: Int = 0
  ) throws(SafetensorsError) {
    guard header.tensors[tensor.name] == tensor else {
      throw SafetensorsError(.unknownTensor, file: name, tensor: tensor.name)
    }
    guard (0...tensor.byteCount).contains(offsetInTensor), buffer.count <= tensor.byteCount - offsetInTensor
    else {
      throw SafetensorsError(
        .readOutOfRange(offset: offsetInTensor, bytes: buffer.count), file: name, tensor: tensor.name)
    }
    do throws(FileHandle.Failure) {
      try handle.fill(buffer, from: tensor.offset + offsetInTensor)
    } catch {
      throw SafetensorsError(error.kind, file: name, tensor: tensor.name)
    }
  }

  /// The header's bytes, once their number is known to be sensible.
  private static func headerBytes(of handle: FileHandle, file: String) throws(SafetensorsError) -> [UInt8] {
    let fileSize = UInt64(handle.identity.size)
    guard fileSize >= UInt64(lengthBytes) else {
      throw SafetensorsError(.tooShort(bytes: fileSize), file: file)
    }
    let prefix = try bytes(lengthBytes, of: handle, from: 0, file: file)
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length > 0 else { throw SafetensorsError(.otherFormat(.blank), file: file) }
    guard length <= SafetensorsLimits.headerBytes, length <= fileSize - UInt64(lengthBytes) else {
      let kind: SafetensorsError.Kind =
        if let format = SafetensorsError.OtherFormat(firstBytes: prefix) {
          .otherFormat(format)
        } else if length > SafetensorsLimits.headerBytes {
          .headerTooLarge(bytes: length)
        } else {
          .headerBeyondFile(bytes: length)
        }
      throw SafetensorsError(kind, file: file)
    }
    return try bytes(Int(length), of: handle, from: lengthBytes, file: file)
  }

  private static func bytes(
    _ count: Int, of handle: FileHandle, from offset: Int, file: String
  ) throws(SafetensorsError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    do throws(FileHandle.Failure) {
      try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileHandle.Failure) in
        try handle.fill(UnsafeMutableRawBufferPointer(buffer), from: offset)
      }
    } catch {
      throw SafetensorsError(error.kind, file: file)
    }
    return bytes
  }
}

extension SafetensorsError.OtherFormat {
  /// Only asked of files whose first bytes are no sensible length: a length may begin with 0x80 0x02 too.
  init?(firstBytes: [UInt8]) {
    let magics: [(magic: [UInt8], format: Self)] = [
      ([0x80, 2], .pickle), ([0x80, 3], .pickle), ([0x80, 4], .pickle), ([0x80, 5], .pickle),
      (Array("PK\u{3}\u{4}".utf8), .zip), (Array("GGUF".utf8), .gguf),
      (Array("version ".utf8), .largeFilePointer), (Array("{\"".utf8), .json),
    ]
    if let found = magics.first(where: { firstBytes.starts(with: $0.magic) }) {
      self = found.format
      return
    }
    guard firstBytes.allSatisfy({ (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }) else {
      return nil
    }
    let text = String(decoding: firstBytes, as: UTF8.self).lowercased().drop(while: \.isWhitespace)
    let isMarkup = ["<!", "<html", "<head", "<?xml"].contains { text.hasPrefix($0) }
    self = isMarkup ? .webPage : .text
  }
}
