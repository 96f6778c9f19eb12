import Foundation
import TestSupport
import Testing

@testable import Downloads

@Suite struct DigestCacheTests {
  /// The digest by a cache, and whether the file was read for it.
  static func look(_ cache: DigestCache, _ path: String) throws -> (digest: String, wasRead: Bool) {
    var wasRead = false
    let digest = try cache.digest(ofFile: path) { _, _ in wasRead = true }
    return (digest, wasRead)
  }

  @Test func anUnchangedFileIsReadOnce() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "a b.bin")
    let first = try Self.look(DigestCache(folder: folder.path), path)
    let second = try Self.look(DigestCache(folder: folder.path), path)
    #expect(first.wasRead && !second.wasRead)
    #expect(first.digest == second.digest)
    #expect(try first.digest == SHA256.digest(of: [1, 2, 3]))
    #expect(try folder.text(of: ".digests").hasSuffix(" a b.bin\n"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
  }

  @Test(arguments: ["content", "time", "replaced"])
  func aChangedFileIsReadAgain(change: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "data")
    let cache = DigestCache(folder: folder.path)
    _ = try Self.look(cache, path)
    let date = try #require(
      try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
    switch change {
    case "content":
      try folder.write([1, 2, 3, 4], to: "data")
    case "time":
      try FileManager.default.setAttributes([.modificationDate: date + 2], ofItemAtPath: path)
    default:
      // Same size, same time, another file.
      try folder.write([1, 2, 3], to: "other")
      try FileManager.default.removeItem(atPath: path)
      try folder.write([0], to: "takes the inode")
      try folder.write([1, 2, 4], to: "data")
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }
    let again = try Self.look(cache, path)
    #expect(again.wasRead)
    #expect(try again.digest == SHA256.digest(of: Array(Data(contentsOf: URL(fileURLWithPath: path)))))
    // The old entry of that name is gone.
    #expect(try folder.text(of: ".digests").split(separator: "\n").count == 1)
  }

  @Test func entriesOfOtherFilesStay() throws {
    let folder = try TemporaryFolder()
    let cache = DigestCache(folder: folder.path)
    let paths = try ["a", "b", "c"].map { try folder.write(Array($0.utf8), to: $0) }
    for path in paths { #expect(try Self.look(cache, path).wasRead) }
    for path in paths { #expect(try !Self.look(cache, path).wasRead) }
  }

  @Test func corruptLinesAreIgnored() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "data")
    let cache = DigestCache(folder: folder.path)
    let digest = try cache.digest(ofFile: path)
    let line = try folder.text(of: ".digests")
    let broken = [
      "", "nonsense", "\(digest) 1 2 3", String(line.dropFirst()),
      line.replacing(digest, with: digest.uppercased()),
      line.replacing(digest, with: String(repeating: "g", count: 64)), "\(digest) -1 2 3 4 x",
      "\(digest) 99999999999999999999 2 3 4 x",
    ]
    try folder.write(Array(broken.joined(separator: "\n").utf8) + [0x0A, 0xFF, 0xFE, 0x0A], to: ".digests")
    #expect(try Self.look(cache, path).wasRead)
    try folder.write([0x00, 0xFF, 0x0A] + Array(line.utf8), to: ".digests")
    let again = try Self.look(cache, path)
    #expect(!again.wasRead && again.digest == digest)
  }

  @Test func anOversizeCacheIsIgnored() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "data")
    let cache = DigestCache(folder: folder.path)
    _ = try Self.look(cache, path)
    let padding = [UInt8](repeating: 0x0A, count: DigestCache.largestCacheFile)
    try folder.write(Array(try folder.text(of: ".digests").utf8) + padding, to: ".digests")
    #expect(try Self.look(cache, path).wasRead)
  }

  @Test func aFolderThatCannotBeWrittenIsFine() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "data")
    // A folder in the place of the cache keeps even the superuser from writing it.
    try FileManager.default.createDirectory(
      atPath: folder.path + "/.digests", withIntermediateDirectories: false)
    let cache = DigestCache(folder: folder.path)
    #expect(try Self.look(cache, path).digest == SHA256.digest(of: [1, 2, 3]))
    #expect(try Self.look(cache, path).wasRead)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [".digests", "data"])
    let missing = DigestCache(folder: folder.path + "/absent")
    #expect(try missing.digest(ofFile: path) == SHA256.digest(of: [1, 2, 3]))
  }

  @Test func namesWithLineBreaksAreNotKept() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1], to: "a\nb")
    let cache = DigestCache(folder: folder.path)
    #expect(try Self.look(cache, path).wasRead)
    #expect(try Self.look(cache, path).wasRead)
  }

  @Test func linesReadBack() throws {
    let identity = FileIdentity(device: .max, inode: 1, size: .max, modified: .min)
    let digest = String(repeating: "0f", count: 32)
    let entry = try #require(DigestEntry(digest: digest, identity: identity, name: " name  with blanks "))
    #expect(DigestEntry(line: entry.line) == entry)
  }
}
