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

  /// - Returns: `nil` when the file at `path` is not, or does not stay, the version asked for, and as soon as the caller is
  ///   cancelled; the work on it goes on.
  func digest(ofFile path: String, _ version: FileVersion) async -> String? {
    let task = known.withLock { known in
      if let task = known[version] { return task }
      let task = Task {
        let digest = await Self.compute(path, version, cache)
        // A file that was renamed may be back the next time.
        if digest == nil { self.known.withLock { $0[version] = nil } }
        return digest
      }
      known[version] = task
      return task
    }
    return await task.valueUnlessCancelled ?? nil
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

extension Task where Failure == Never {
  /// `nil` as soon as the caller is cancelled; the task goes on.
  fileprivate var valueUnlessCancelled: Success? {
    get async {
      let (values, told) = AsyncStream.makeStream(of: Success.self)
      Task<Void, Never> { told.yield(await value) }
      return await values.first { _ in true }
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
