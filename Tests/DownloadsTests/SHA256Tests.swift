import Foundation
import TestSupport
import Testing

@testable import Downloads

@Suite struct SHA256Tests {
  /// The pattern of `Fixtures/Downloads/make_digests.py`.
  static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: 31 * $0 + 7) }
  }

  @Test func publishedVectors() throws {
    // FIPS 180-4 example values.
    #expect(
      try SHA256.digest(of: Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      try SHA256.digest(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func filesOfManyLengthsMatchHashlib() throws {
    let fixture = Repository.root.appendingPathComponent("Tests/Fixtures/Downloads/digests.txt")
    let lines = try String(contentsOf: fixture, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 12)
    let folder = try TemporaryFolder()
    for line in lines {
      let fields = line.split(separator: " ")
      let bytes = Self.pattern(try #require(Int(fields[0])))
      let path = try folder.write(bytes, to: "data")
      #expect(try SHA256.digest(ofFile: path) == fields[1], "\(fields[0]) bytes")
      #expect(try SHA256.digest(of: bytes) == fields[1], "\(fields[0]) bytes")
    }
  }

  @Test func progressRisesToTheSize() throws {
    let folder = try TemporaryFolder()
    let size = 2 * SHA256.bufferSize + 5
    let path = try folder.write(Self.pattern(size), to: "data")
    var reports: [Int64] = []
    _ = try SHA256.digest(ofFile: path) { hashed, total in
      #expect(total == Int64(size))
      reports.append(hashed)
    }
    #expect(reports == reports.sorted())
    #expect(reports.last == Int64(size))
    #expect(reports.count >= 3)
  }

  @Test func whatProgressThrowsEndsTheWork() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.pattern(3 * SHA256.bufferSize), to: "data")
    var calls = 0
    #expect(throws: CancellationError.self) {
      try SHA256.digest(ofFile: path) { _, _ in
        calls += 1
        throw CancellationError()
      }
    }
    #expect(calls == 1)
  }

  @Test func aFileThatChangesIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.pattern(2 * SHA256.bufferSize), to: "data")
    #expect {
      try SHA256.digest(ofFile: path) { hashed, _ in
        guard hashed == Int64(SHA256.bufferSize) else { return }
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: UInt64(hashed))
        try handle.close()
      }
    } throws: { error in
      (error as? FileError)?.reason == "changed while it was read"
    }
  }

  @Test func onlyRegularFilesAreRead() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
    for (name, reason) in [
      ("pipe", "not a regular file"), ("", "not a regular file"), ("absent", "No such file or directory"),
    ] {
      #expect {
        try SHA256.digest(ofFile: folder.path + "/" + name)
      } throws: { error in
        (error as? FileError)?.reason == reason
      }
    }
  }
}
