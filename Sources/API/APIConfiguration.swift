public import Generation
public import Registry

/// What the operator chose, and what the composition root lends to the routes.
public struct APIConfiguration: Sendable {
  /// Darkroom's version, for `/health` and the pictures.
  public var version: String
  /// Names a `Host` header may carry besides IP literals and `localhost`, without port.
  public var allowedHosts: [String]
  /// The model of a request that names none while none is loaded; `nil` means the first available.
  public var defaultModel: String?
  /// Pixels of one picture, width × height.
  public var maxPixels: Int
  /// The SHA-256 in lower-case hex of exactly the version of a checkpoint that made a picture; `nil` when it is
  /// not known, or the file is another one by now.
  ///
  /// Asked once for each picture, so the answer should be remembered.
  public var modelHash: @Sendable (ModelEntry, FileVersion?) async -> String?
  /// Told of every error that clients only see as `Internal Server Error`.
  public var report: @Sendable (any Error) -> Void

  public init(
    version: String, allowedHosts: [String] = [], defaultModel: String? = nil,
    maxPixels: Int = 2048 * 2048,
    modelHash: @escaping @Sendable (ModelEntry, FileVersion?) async -> String? = { _, _ in nil },
    report: @escaping @Sendable (any Error) -> Void = { _ in }
  ) {
    (self.version, self.allowedHosts, self.defaultModel) = (version, allowedHosts, defaultModel)
    (self.maxPixels, self.modelHash, self.report) = (maxPixels, modelHash, report)
  }
}
