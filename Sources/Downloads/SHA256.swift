import CCrypto

/// SHA-256 of files and bytes, by libcrypto. Source: FIPS 180-4.
public enum SHA256 {
  /// What is read at a time; the only memory a digest needs.
  static let bufferSize = 1 << 20

  /// The SHA-256 of a whole file, as 64 lower-case hexadecimal digits.
  ///
  /// - Parameter progress: called after every MiB or so with the bytes hashed and the file's size; what it
  ///   throws ends the work and is thrown on.
  /// - Throws: `FileError` when the file cannot be read, is not a regular file, or changed meanwhile.
  public static func digest(
    ofFile path: String, progress: (_ hashed: Int64, _ total: Int64) throws -> Void = { _, _ in }
  ) throws -> String {
    try identifiedDigest(ofFile: path, progress: progress).digest
  }

  /// The SHA-256 of `bytes`, as 64 lower-case hexadecimal digits.
  /// - Throws: `DigestUnavailable` when libcrypto cannot compute it.
  public static func digest(of bytes: [UInt8]) throws(DigestUnavailable) -> String {
    let hash = try RunningHash()
    guard bytes.withUnsafeBytes({ hash.add($0) }) else { throw DigestUnavailable() }
    return try hash.finish()
  }

  static func identifiedDigest(
    ofFile path: String, progress: (_ hashed: Int64, _ total: Int64) throws -> Void
  ) throws -> (digest: String, identity: FileIdentity) {
    let file = try OpenFile(path)
    let identity = try file.identity()
    let hash = try RunningHash()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 64)
    defer { buffer.deallocate() }
    var hashed: Int64 = 0
    while true {
      let count = try file.read(into: buffer)
      if count == 0 { break }
      guard hash.add(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { throw DigestUnavailable() }
      hashed += Int64(count)
      try progress(hashed, identity.size)
    }
    guard try file.identity() == identity, hashed == identity.size else {
      throw FileError(path, "changed while it was read")
    }
    return (try hash.finish(), identity)
  }
}

/// libcrypto has no SHA-256 to give: out of memory, or a provider's configuration forbids it.
public struct DigestUnavailable: Error, CustomStringConvertible {
  public let description = "libcrypto cannot compute SHA-256"
}

/// A digest under way; owns libcrypto's context.
private struct RunningHash: ~Copyable {
  private let context: OpaquePointer

  init() throws(DigestUnavailable) {
    guard let context = EVP_MD_CTX_new() else { throw DigestUnavailable() }
    guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      EVP_MD_CTX_free(context)
      throw DigestUnavailable()
    }
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  /// - Returns: whether it was possible.
  borrowing func add(_ bytes: UnsafeRawBufferPointer) -> Bool {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
  }

  consuming func finish() throws(DigestUnavailable) -> String {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard EVP_DigestFinal_ex(context, &digest, &count) == 1 else { throw DigestUnavailable() }
    let digits = Array("0123456789abcdef".utf8)
    let text = digest.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}
