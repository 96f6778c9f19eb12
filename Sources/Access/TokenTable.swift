import CCrypto

/// The tokens that open the server, each under a name.
///
/// Only SHA-256 digests are kept. A presented token is compared with all of them, each in constant time, so that
/// the time taken tells nothing of where it differs or which it is.
public struct TokenTable: Sendable {
  private struct Entry: Sendable {
    let name: String
    let digest: [UInt8]
  }

  private let entries: [Entry]

  /// The longest token; longer ones need not even be hashed.
  public static let longestToken = 1024
  /// Without tokens everybody is let in.
  public static let empty = TokenTable(entries: [])

  public var isEmpty: Bool { entries.isEmpty }
  /// In the order given.
  public var names: [String] { entries.map(\.name) }

  private init(entries: [Entry]) { self.entries = entries }

  /// Reads a list of tokens, one a line: `TOKEN`, or `NAME TOKEN`; empty lines and those that begin with `#` are
  /// passed over. A token without a name is called `key` and its line's number.
  /// - Throws: `TokenFileError` for a line that is neither, a name or a token that comes twice, and a list
  ///   without tokens.
  public init(text: String) throws(TokenFileError) {
    var entries: [Entry] = []
    // By bytes: as characters, a carriage return and a line feed are one.
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let number = index + 1
      let words = line.split { " \t\r".utf8.contains($0) }
      guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
      guard words.count <= 2, let token = words.last else { throw TokenFileError(number, .malformed) }
      let name = words.count == 2 ? String(decoding: first, as: UTF8.self) : "key\(number)"
      guard Self.isName(name), Self.isToken(token) else { throw TokenFileError(number, .malformed) }
      guard let digest = Self.digest(Array(token)) else { throw TokenFileError(number, .noDigest) }
      guard !entries.contains(where: { $0.name == name || $0.digest == digest }) else {
        throw TokenFileError(number, .repeated)
      }
      entries.append(Entry(name: name, digest: digest))
    }
    guard !entries.isEmpty else { throw TokenFileError(nil, .empty) }
    self.init(entries: entries)
  }

  /// The name of a token, or `nil` when it is none of these.
  public func name(of presented: some Collection<UInt8>) -> String? {
    guard presented.count <= Self.longestToken, let digest = Self.digest(Array(presented)) else { return nil }
    var found: String?
    for entry in entries where CRYPTO_memcmp(entry.digest, digest, digest.count) == 0 { found = entry.name }
    return found
  }

  /// RFC 6750's `b64token` without its rule for `=`, so that any visible word of those letters will do.
  private static func isToken(_ word: some Collection<UInt8>) -> Bool {
    word.count <= longestToken
      && word.allSatisfy { isAlphanumeric($0) || "-._~+/=".utf8.contains($0) }
  }

  /// Fit for log lines.
  private static func isName(_ name: String) -> Bool {
    name.utf8.count <= 64 && name.utf8.allSatisfy { isAlphanumeric($0) || "-._".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  /// SHA-256; `nil` when libcrypto has none to give.
  private static func digest(_ bytes: [UInt8]) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: 32)
    return EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil) == 1 ? digest : nil
  }
}

/// Why a list of tokens cannot be used; it never repeats a token.
public struct TokenFileError: Error, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    case malformed = "should be TOKEN or NAME TOKEN, in letters, digits and -._~+/="
    case repeated = "a name or a token comes twice"
    case empty = "there is no token"
    case noDigest = "libcrypto cannot compute SHA-256"
  }

  public let kind: Kind
  /// From 1; `nil` for the list as a whole.
  public let line: Int?

  init(_ line: Int?, _ kind: Kind) { (self.line, self.kind) = (line, kind) }

  public var description: String { (line.map { "line \($0): " } ?? "") + kind.rawValue }
}
