import Glibc

/// The SHA-256 of files, remembered from run to run in the text file `.digests` of a folder.
///
/// A line is `sha256 device inode size modified name`; a line that is not so is ignored. An entry is
/// believed when device, inode, size and modification time are those of the file now. It is only a cache:
/// a folder that cannot be written to costs time, nothing else.
public struct DigestCache: Sendable {
  public let folder: String
  private let cacheFile: String

  /// A file larger than this is not ours.
  static let largestCacheFile = 1 << 20

  public init(folder: String) {
    self.folder = folder
    cacheFile = folder + "/.digests"
  }

  /// The digest of a file as remembered, or else computed and then remembered.
  ///
  /// - Parameters:
  ///   - path: a file, within the folder or not.
  ///   - progress: as for `SHA256.digest(ofFile:progress:)`; not called when the digest is remembered.
  /// - Returns: 64 lower-case hexadecimal digits.
  /// - Throws: `FileError` as `SHA256.digest(ofFile:progress:)` does, and what `progress` throws.
  public func digest(
    ofFile path: String, progress: (_ hashed: Int64, _ total: Int64) throws -> Void = { _, _ in }
  ) throws -> String {
    if let known = remembered(try FileIdentity(path: path)) { return known }
    let (digest, identity) = try SHA256.identifiedDigest(ofFile: path, progress: progress)
    remember(digest, of: identity, name: name(of: path))
    return digest
  }

  /// The digest remembered for exactly this file, if there is one. Reads only the cache.
  public func remembered(_ identity: FileIdentity) -> String? {
    entries().last { $0.identity == identity }?.digest
  }

  /// Writes an entry; an older one of the same name goes.
  /// - Returns: whether it was written. It is not when the folder cannot be written to.
  @discardableResult
  func remember(_ digest: String, of identity: FileIdentity, name: String) -> Bool {
    guard let new = DigestEntry(digest: digest, identity: identity, name: name) else { return false }
    let kept = entries().filter { $0.name != name && $0.identity != identity }
    return replaceCache(with: (kept + [new]).map { $0.line + "\n" }.joined())
  }

  private func name(of path: String) -> String {
    path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
  }

  private func entries() -> [DigestEntry] {
    guard let bytes = cacheBytes() else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      String(validating: line, as: UTF8.self).flatMap(DigestEntry.init(line:))
    }
  }

  /// The cache's bytes; `nil` when there is none to be read, which is how it is before the first run.
  private func cacheBytes() -> [UInt8]? {
    guard let file = try? OpenFile(cacheFile), let size = try? file.identity().size,
      size <= Self.largestCacheFile
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: Self.largestCacheFile)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { try? file.read(into: .init(rebasing: $0[filled...])) }
      guard let count else { return nil }
      if count == 0 { break }
      filled += count
    }
    return Array(bytes.prefix(filled))
  }

  /// Writes beside the cache and renames, so that a reader sees the old file or the new one.
  private func replaceCache(with text: String) -> Bool {
    let temporary = "\(cacheFile).\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { return false }
    var text = text
    let isWritten = text.withUTF8 { bytes in Self.writeAll(UnsafeRawBufferPointer(bytes), to: descriptor) }
    let isClosed = close(descriptor) == 0
    if isWritten, isClosed, rename(temporary, cacheFile) == 0 { return true }
    unlink(temporary)
    return false
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = write(descriptor, rest.baseAddress, rest.count)
      if count > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if count == 0 || errno != EINTR {
        return false
      }
    }
    return true
  }
}
