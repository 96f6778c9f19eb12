import Dispatch
import Downloads
import Generation
import Synchronization

/// The SHA-256 of model files, each version computed once, however many pictures ask at the same time.
final class ModelDigests: Sendable {
  private let cache: DigestCache
  private let known = Mutex<[FileVersion: Task<String?, Never>]>([:])

  /// - Parameter folder: where digests are remembered from run to run.
  init(folder: String) { cache = DigestCache(folder: folder) }

  /// - Returns: `nil` when the file at `path` is not, or does not stay, the version asked for.
  func digest(ofFile path: String, _ version: FileVersion) async -> String? {
    let task = known.withLock { known in
      if let task = known[version] { return task }
      let task = Task { [cache] in await Self.compute(path, version, cache) }
      known[version] = task
      return task
    }
    let digest = await task.value
    // A file that was renamed may be back the next time.
    if digest == nil { known.withLock { $0[version] = nil } }
    return digest
  }

  /// On a thread that may be busy for as long as a checkpoint takes.
  private static func compute(_ path: String, _ version: FileVersion, _ cache: DigestCache) async -> String? {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        guard FileVersion(path) == version, let digest = try? cache.digest(ofFile: path),
          FileVersion(path) == version
        else { return continuation.resume(returning: nil) }
        continuation.resume(returning: digest)
      }
    }
  }
}

extension FileVersion {
  /// `nil` for a file that cannot be looked at.
  fileprivate init?(_ path: String) {
    guard let identity = try? FileIdentity(path: path) else { return nil }
    self.init(
      device: identity.device, inode: identity.inode, size: identity.size, modified: identity.modified)
  }
}
