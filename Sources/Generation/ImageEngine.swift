/// Something that makes pictures: the child process seen from the server, or a fake in a test.
public protocol ImageEngine: Sendable {
  /// Makes one picture, loading its model first when another is resident.
  ///
  /// Cancelling the calling task ends the work within one step.
  /// - Throws: `GenerationError`, or `CancellationError`.
  func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult

  /// Makes `model` the resident one.
  /// - Throws: `GenerationError`, or `CancellationError`.
  func load(
    _ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws

  /// What is known of the engine now. Never waits.
  var status: EngineStatus { get }
}

/// A snapshot of the engine for `/health`.
public struct EngineStatus: Codable, Sendable, Equatable {
  public enum State: String, Codable, Sendable, CaseIterable {
    case starting, ready, restarting, stopped
  }

  public var state: State
  /// The resident model's id.
  public var model: String?
  /// `cpu`, `cuda:0`, …; `nil` before the engine has told.
  public var device: String?
  public var deviceName: String?
  public var cudaAvailable: Bool
  /// Bytes of GPU memory held by tensors.
  public var allocatedBytes: Int
  public var dtype: String?
  public var libtorch: String?
  /// The engine's process, while there is one.
  public var processID: Int32?
  /// Whether an IP-Adapter and its image encoder are in memory.
  public var ipAdapterLoaded = false
  /// Why it is not ready, in words for operators.
  public var detail: String?

  public init(
    state: State, model: String? = nil, device: String? = nil, deviceName: String? = nil,
    cudaAvailable: Bool = false, allocatedBytes: Int = 0, dtype: String? = nil, libtorch: String? = nil,
    processID: Int32? = nil, detail: String? = nil
  ) {
    (self.state, self.model, self.device, self.deviceName) = (state, model, device, deviceName)
    (self.cudaAvailable, self.allocatedBytes) = (cudaAvailable, allocatedBytes)
    (self.dtype, self.libtorch, self.processID, self.detail) = (dtype, libtorch, processID, detail)
  }
}
