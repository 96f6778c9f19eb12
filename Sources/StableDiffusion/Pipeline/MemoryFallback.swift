public import Torch

/// Memory ran out in all ways to compute something.
public struct OutOfMemoryError: Error, Sendable, Equatable {
  /// A way to compute a picture's largest maps.
  public enum Attempt: Sendable {
    case whole
    /// In bands of rows, after what libtorch kept for reuse was given back.
    case banded
  }

  /// In order.
  public let attempts: [Attempt]
  /// What the last one failed of.
  public let cause: TorchError

  public init(attempts: [Attempt], cause: TorchError) { (self.attempts, self.cause) = (attempts, cause) }
}

extension StableDiffusionXL {
  /// Computes something whole where it is of no more pixels than SDXL's own pictures and fits in memory, else in bands.
  /// - Throws: what `whole` and `banded` throw; `OutOfMemoryError` for a `TorchError` of that kind.
  func inBandsIfNeeded<Value>(
    pixels: Int, whole: () throws -> Value, banded: () throws -> Value
  ) throws -> (value: Value, wasBanded: Bool) {
    var attempts: [OutOfMemoryError.Attempt] = []
    if pixels <= AutoencoderKL.largestWhole {
      do {
        return (try whole(), false)
      } catch let error as TorchError where error.kind == .outOfMemory {
        attempts = [.whole]
        try options.device.emptyCache()
      }
    }
    do {
      return (try banded(), true)
    } catch let error as TorchError where error.kind == .outOfMemory {
      throw OutOfMemoryError(attempts: attempts + [.banded], cause: error)
    }
  }
}
