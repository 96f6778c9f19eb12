import Downloads
import Foundation
import Generation
import Logging
import Registry
import Synchronization

/// The registry as last read, read again when the folder changes.
final class ModelsFolder: Sendable {
  let path: String
  private let current: Mutex<(registry: ModelRegistry, stamp: [String: Date])>
  private let digests: DigestCache
  private let logger: Logger

  init(_ path: String, logger: Logger) {
    (self.path, self.logger) = (path, logger)
    digests = DigestCache(folder: path)
    let stamp = Self.stamp(path)
    let registry = Self.read(path)
    current = Mutex((registry, stamp))
    Self.log(registry, logger)
  }

  /// Never waits for the disk.
  var registry: ModelRegistry { current.withLock { $0.registry } }

  /// Looks for changes every second, until cancelled.
  func watch() async {
    while (try? await Task.sleep(for: .seconds(1))) != nil { refresh() }
  }

  private func refresh() {
    let stamp = Self.stamp(path)
    guard stamp != current.withLock({ $0.stamp }) else { return }
    let registry = Self.read(path)
    current.withLock { $0 = (registry, stamp) }
    logger.notice("the models folder changed", metadata: ["models": "\(registry.models.count)"])
    Self.log(registry, logger)
  }

  /// The SHA-256 of a model's file: remembered from an earlier look at the same file, else computed.
  func hash(of entry: ModelEntry) async -> String? {
    let (digests, path) = (digests, entry.path)
    return await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(returning: try? digests.digest(ofFile: path))
      }
    }
  }

  private static func read(_ path: String) -> ModelRegistry {
    ModelRegistry.load(folder: path, schedulers: SchedulerName.allCases.map(\.rawValue))
  }

  private static func log(_ registry: ModelRegistry, _ logger: Logger) {
    for problem in registry.problems { logger.warning("\(problem)") }
  }

  /// Names and times of the registry's files.
  private static func stamp(_ path: String) -> [String: Date] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    var stamp: [String: Date] = [:]
    for name in names where name.hasSuffix(".toml") {
      let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
      stamp[name] = attributes?[.modificationDate] as? Date ?? .distantPast
    }
    return stamp
  }
}
