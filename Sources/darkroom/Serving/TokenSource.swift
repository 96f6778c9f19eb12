import Access
import ArgumentParser
import Foundation
import Registry
import Synchronization

/// The tokens of a file and of the environment, as last read.
final class TokenSource: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Where one token may stand, beside the file.
  static let variable = "DARKROOM_API_KEY"
  /// What that one is called.
  private static let variableName = "environment"
  private static let largestFile = 1 << 20

  private let path: String?
  private let secret: String?
  private let current: Mutex<TokenTable>

  /// Takes the variable out of the environment, so that no child sees it.
  /// - Throws: `ValidationError` when the file or the variable does not hold tokens.
  init(file path: String?) throws {
    // The process may go elsewhere; the file stays.
    self.path = path.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    secret = ProcessInfo.processInfo.environment[Self.variable].flatMap { $0.isEmpty ? nil : $0 }
    unsetenv(Self.variable)
    do {
      current = Mutex(try Self.read(self.path, secret))
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// Never waits for the disk.
  var table: TokenTable { current.withLock { $0 } }

  /// Reads the file again.
  /// - Throws: `Failure`; then the old tokens stay.
  func reload() throws(Failure) {
    let table = try Self.read(path, secret)
    current.withLock { $0 = table }
  }

  private static func read(_ path: String?, _ secret: String?) throws(Failure) -> TokenTable {
    let own = secret.map { "\(variableName) \($0)" }
    if let own, (try? TokenTable(text: own))?.names != [variableName] {
      throw Failure(description: "\(variable) should be one token, in letters, digits and -._~+/=")
    }
    guard let path else {
      return try own.map { own throws(Failure) in try table(own, of: variable) } ?? .empty
    }
    let text = try text(of: path)
    // The file alone first: with the other token it would pass for a list that is not empty.
    let alone = try table(text, of: "--api-key-file")
    guard let own else { return alone }
    return try table("\(text)\n\(own)", of: variable)
  }

  private static func text(of path: String) throws(Failure) -> String {
    let bytes: [UInt8]
    do throws(SmallFile.Failure) {
      bytes = try SmallFile.read(path, limit: largestFile)
    } catch {
      throw Failure(description: "--api-key-file: \(error.reason)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(description: "--api-key-file: is not valid UTF-8")
    }
    return text
  }

  private static func table(_ text: String, of place: String) throws(Failure) -> TokenTable {
    do {
      return try TokenTable(text: text)
    } catch {
      throw Failure(description: "\(place): \(error)")
    }
  }
}
