import Generation
import StableDiffusion
import Torch

/// Runs `body` and turns what it throws into what the server understands.
/// - Throws: `GenerationError` or `CancellationError`.
func translated<Value>(_ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch let error as GenerationError {
    throw error
  } catch let error as CancellationError {
    throw error
  } catch let error as TorchError {
    throw GenerationError(error)
  } catch let error as OutOfMemoryError {
    throw GenerationError(error)
  } catch let error as CheckpointError {
    throw GenerationError(.modelNotLoaded, error.description)
  } catch let error as SamplingError {
    throw GenerationError(.invalidRequest, error.description, field: error.field)
  } catch let error as PictureError {
    throw GenerationError(.nonfiniteOutput, error.explanation)
  } catch {
    throw GenerationError(.internalError, "The engine failed: \(type(of: error))")
  }
}

extension GenerationError {
  init(_ error: TorchError) {
    switch error.kind {
    case .outOfMemory: self.init(OutOfMemoryError(attempts: [], cause: error))
    case .invalid, .unavailable, .internal: self.init(.internalError, error.description)
    }
  }

  fileprivate init(_ error: OutOfMemoryError) {
    let tried: String =
      switch error.attempts {
      case []: "there is no way to do it with less"
      case [.whole, .banded]: "tried whole, and then in bands of rows"
      default: "tried in bands of rows"
      }
    self.init(
      .outOfMemory, "Out of memory in \(error.cause.operation) of \(error.cause.shapes): \(tried)")
  }
}

extension PictureError {
  fileprivate var explanation: String {
    switch self {
    case .nonfiniteLatents: "The latents are not finite numbers; there is no picture to show"
    case .nonfinitePicture: "The decoded picture is not finite numbers; there is no picture to show"
    case .flatBlack: "The decoded picture is flat black; it is not shown"
    }
  }
}
