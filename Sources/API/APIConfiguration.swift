public import Access
public import Generation
public import Registry
public import Telemetry

/// What the operator chose, and what the composition root lends to the routes.
public struct APIConfiguration: Sendable {
  /// Darkroom's version, for `/health` and the pictures.
  public var version: String
  /// Names a `Host` header may carry besides IP literals and `localhost`, without port.
  public var allowedHosts: [String] = []
  /// The origins whose pages may use this server; none unless listed.
  public var allowedOrigins: Set<Origin> = []
  /// The model of a request that names none while none is loaded; `nil` means the first available.
  public var defaultModel: String?
  /// Pixels of one picture, width × height.
  public var maxPixels = 2048 * 2048
  /// The SHA-256 in lower-case hex of exactly the version of a checkpoint that made a picture; `nil` when it is
  /// not known, or the file is another one by now.
  ///
  /// Asked once for each picture, so the answer should be remembered. A task that is cancelled should have one at once,
  /// which reaches nobody.
  public var modelHash: @Sendable (ModelEntry, FileVersion?) async -> String? = { _, _ in nil }
  /// The SHA-256 of the file at a path, as far as it is known; an answer does not wait for one to be computed.
  public var fileHash: @Sendable (_ path: String) -> String? = { _ in nil }
  /// Told of every error that clients only see as `Internal Server Error`.
  public var report: @Sendable (any Error) -> Void = { _ in }
  /// The tokens as last read; asked on the serving thread for every request, so it must not wait.
  public var tokens: @Sendable () -> TokenTable = { .empty }
  /// Told of every request.
  public var accessLog: AccessLog?
  /// How often each client may come; `nil` for as often as it likes.
  public var rateLimiter: RateLimiter?
  /// Whether the server is about to stop and takes no new work; asked on the serving thread.
  public var isDraining: @Sendable () -> Bool = { false }
  /// The connections now and so far, where they are counted.
  public var statistics: (@Sendable () -> ConnectionFigures)?
  /// What `/metrics` tells beside what the routes count themselves; asked on the serving thread.
  public var metrics: @Sendable () -> [MetricFamily] = { [] }

  public init(version: String) { self.version = version }
}

/// What the server below the routes knows of its connections.
public struct ConnectionFigures: Sendable, Equatable {
  /// Open now.
  public var open: Int
  /// Since the start.
  public var accepted: Int
  /// Turned away since the start, because there were too many.
  public var refused: Int
  /// Bytes of request bodies held now.
  public var bodyBytes: Int

  public init(open: Int, accepted: Int, refused: Int, bodyBytes: Int) {
    (self.open, self.accepted, self.refused, self.bodyBytes) = (open, accepted, refused, bodyBytes)
  }
}
