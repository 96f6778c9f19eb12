import Dispatch
import Downloads
import Generation
import Synchronization

/// The SHA-256 of model files, each version computed once, however many pictures ask at the same time.
final class ModelDigests: Sendable {
  private let cache: DigestCache
  private let state = Mutex(State())
  /// What nobody waits for, one file after the other.
  private let background = DispatchQueue(label: "digests", qos: .utility)

  private struct State {
    var tasks: [FileVersion: Task<String?, Never>] = [:]
    var digests: [FileVersion: String] = [:]
  }

  /// - Parameter folder: where digests are remembered from run to run.
  init(folder: String) { cache = DigestCache(folder: folder) }

  /// Bytes of a file that is read in less time than a listing takes anyway.
  private static let small = 8 << 20

  /// The digest of the file as it is now, if it was computed before or the file is small; otherwise that is begun. Waits
  /// for the disk.
  func known(ofFile path: String) -> String? {
    guard let identity = try? FileIdentity(path: path) else { return nil }
    let version = FileVersion(identity)
    if let digest = state.withLock({ $0.digests[version] }) ?? cache.remembered(identity) {
      state.withLock { $0.digests[version] = digest }
      return digest
    }
    if version.size <= Self.small, let digest = try? cache.digest(ofFile: path), FileVersion(path) == version
    {
      state.withLock { $0.digests[version] = digest }
      return digest
    }
    _ = task(path, version, on: background)
    return nil
  }

  /// - Returns: `nil` when the file at `path` is not, or does not stay, the version asked for, and as soon as the caller is
  ///   cancelled; the work on it goes on.
  func digest(ofFile path: String, _ version: FileVersion) async -> String? {
    await task(path, version, on: .global(qos: .utility)).valueUnlessCancelled ?? nil
  }

  private func task(
    _ path: String, _ version: FileVersion, on queue: DispatchQueue
  ) -> Task<String?, Never> {
    state.withLock { state in
      if let task = state.tasks[version] { return task }
      let task = Task { [cache] in
        let digest = await Self.compute(path, version, cache, on: queue)
        self.state.withLock { state in
          state.digests[version] = digest
          // A file that was renamed may be back the next time.
          if digest == nil { state.tasks[version] = nil }
        }
        return digest
      }
      state.tasks[version] = task
      return task
    }
  }

  /// On a thread that may be busy for as long as a checkpoint takes.
  private static func compute(
    _ path: String, _ version: FileVersion, _ cache: DigestCache, on queue: DispatchQueue
  ) async -> String? {
    await withCheckedContinuation { continuation in
      queue.async {
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
  fileprivate init(_ identity: FileIdentity) {
    self.init(
      device: identity.device, inode: identity.inode, size: identity.size, modified: identity.modified)
  }

  /// `nil` for a file that cannot be looked at.
  fileprivate init?(_ path: String) {
    guard let identity = try? FileIdentity(path: path) else { return nil }
    self.init(identity)
  }
}
