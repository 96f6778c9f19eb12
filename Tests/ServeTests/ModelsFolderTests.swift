import Foundation
import Generation
import Logging
import Registry
import Synchronization
import TestSupport
import Testing

@testable import darkroom

@Suite(.timeLimit(.minutes(1))) struct ModelsFolderTests {
  private static func model(_ id: String) -> String { leastModel.replacing("\"least\"", with: "\"\(id)\"") }

  /// Whoever looks for files meanwhile does not put back what was there before.
  @Test func whatWasReadStays() async throws {
    let temporary = try TemporaryFolder()
    for number in 0..<100 { try temporary.write(Self.model("old-\(number)"), to: "old-\(number).toml") }
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let folder = ModelsFolder(temporary.path, logger: quiet)
    let watch = Watch()
    Thread.detachNewThread {
      while !watch.isOver {
        folder.refresh(rereading: false)
        usleep(100)
      }
    }
    for number in 0..<10 {
      try temporary.write(Self.model("new-\(number)"), to: "new-\(number).toml")
      folder.refresh(rereading: true)
      for _ in 0..<20 {
        #expect(folder.registry.find("new-\(number)") != nil)
        try await Task.sleep(for: .microseconds(200))
      }
    }
    watch.end()
  }

  /// A listing has the hashes of small files at once, and waits for no large one.
  @Test func smallFilesAreHashedAtOnce() throws {
    let temporary = try TemporaryFolder()
    let (small, large) = (try temporary.write("abc", to: "small"), try temporary.write("", to: "large"))
    try #require(truncate(large, 1 << 28) == 0)
    let digests = ModelDigests(folder: temporary.path)
    // FIPS 180-2, appendix B.1.
    #expect(
      digests.known(ofFile: small) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(digests.known(ofFile: large) == nil)
  }

  /// The hash of a checkpoint takes long; a picture that nobody wants any more does not wait for it.
  @Test func aCancelledCallerDoesNotWaitForAHash() async throws {
    let temporary = try TemporaryFolder()
    let path = try temporary.write("", to: "large.safetensors")
    // Sparse: seconds to hash, and nothing on the disk.
    try #require(truncate(path, 1 << 30) == 0)
    var info = stat()
    try #require(stat(path, &info) == 0)
    let modified = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
    let version = FileVersion(
      device: UInt64(info.st_dev), inode: UInt64(info.st_ino), size: Int64(info.st_size), modified: modified)
    let digests = ModelDigests(folder: temporary.path)
    let watch = Watch()
    let patient = Task {
      defer { watch.end() }
      return await digests.digest(ofFile: path, version)
    }
    let hasty = Task { await digests.digest(ofFile: path, version) }
    hasty.cancel()
    #expect(await hasty.value == nil)
    #expect(!watch.isOver)
    // It goes on for others, and is known from then on.
    let digest = await patient.value
    #expect(digest == "49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14")
    #expect(await digests.digest(ofFile: path, version) == digest)
  }
}

/// Whether something is over.
private final class Watch: Sendable {
  private let over = Atomic(false)

  var isOver: Bool { over.load(ordering: .relaxed) }

  func end() { over.store(true, ordering: .relaxed) }
}
