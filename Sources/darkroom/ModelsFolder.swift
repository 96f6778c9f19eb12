import API
import Dispatch
import Downloads
import Foundation
import Generation
import Logging
import Registry
import Synchronization

/// The registry as last read, read again when the folder changes.
final class ModelsFolder: Sendable {
  let path: String
  private let current: Mutex<ModelRegistry>
  /// Held while the folder is read: what was read first must not be put in place last.
  private let refreshing = Mutex(())
  private let digests: ModelDigests
  private let logger: Logger

  init(_ path: String, logger: Logger) {
    (self.path, self.logger) = (path, logger)
    digests = ModelDigests(folder: path)
    let registry = Self.read(path)
    current = Mutex(registry)
    Self.log(registry, logger)
  }

  /// Never waits for the disk.
  var registry: ModelRegistry { current.withLock { $0 } }

  /// Looks for changes four times a second for as long as the process lives, on a thread that may wait for the
  /// disk.
  func watch() {
    let thread = Thread { [self] in
      var stamp = Self.stamp(path)
      while true {
        Thread.sleep(forTimeInterval: 0.25)
        // A folder that cannot be listed just now is no empty folder.
        guard let now = Self.stamp(path) else { continue }
        refresh(rereading: now != stamp)
        stamp = now
      }
    }
    thread.name = "models"
    thread.start()
  }

  /// The SHA-256 of exactly this version of a model's file; `nil` when it is another one by now.
  func hash(of entry: ModelEntry, _ version: FileVersion?) async -> String? {
    guard let version else { return nil }
    return await digests.digest(ofFile: entry.path, version)
  }

  /// The SHA-256 of a file as it is now; `nil` until it has been computed, which begins with the first call.
  func knownHash(ofFile path: String) -> String? { digests.known(ofFile: path) }

  /// Looks which files are there; waits for the disk.
  /// - Parameter rereading: whether the folder is read anew too, whether or not it changed.
  func refresh(rereading: Bool) {
    let fresh = refreshing.withLock { _ in
      let fresh = rereading && Self.stamp(path) != nil ? Self.read(path) : registry.surveyed()
      current.withLock { $0 = fresh }
      return fresh
    }
    guard rereading else { return }
    logger.notice("the models folder was read", metadata: ["models": "\(fresh.models.count)"])
    Self.log(fresh, logger)
  }

  private static func read(_ path: String) -> ModelRegistry {
    ModelRegistry.load(folder: path, schedulerProblem: { SchedulerNames.problem(with: $0) })
  }

  private static func log(_ registry: ModelRegistry, _ logger: Logger) {
    for problem in registry.problems { logger.warning("\(problem)") }
  }

  /// Names and times of the registry's files; `nil` when the folder cannot be listed.
  private static func stamp(_ path: String) -> [String: Date]? {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return nil }
    var stamp: [String: Date] = [:]
    for name in names where name.hasSuffix(".toml") {
      let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
      stamp[name] = attributes?[.modificationDate] as? Date ?? .distantPast
    }
    return stamp
  }
}
