import Safetensors
import Torch

/// Brings tensors from a file to a device, converted on the way.
///
/// Bytes of another number format pass through one small buffer that is used again and again: what a checkpoint
/// takes beside its weights does not grow with it, and fresh memory, which is slow to get, is touched once.
final class WeightReader {
  private let file: SafetensorsFile
  private let device: Device
  private let arena = WeightArena()
  private var staging: Tensor?

  /// Bytes of the buffer. Small enough for a processor's cache to hold what has just been read.
  static let stagingBytes = 1 << 22

  init(_ file: SafetensorsFile, device: Device) { (self.file, self.device) = (file, device) }

  /// - Returns: the part of the tensor that `source` asks for, in the file's arrangement.
  /// - Throws: `WeightError` for a tensor that is not made of floating-point numbers; `SafetensorsError`;
  ///   `TorchError`.
  func read(_ source: WeightSource, dtype: Torch.DType) throws -> Tensor {
    let stored = try StoredNumbers(source.info.dtype, file: file.name, tensor: source.info.name)
    let shape = source.partShape
    let destination =
      device == .cpu ? try arena.tensor(shape, dtype) : try Tensor.empty(shape, dtype, on: device)
    if device == .cpu, stored == .plain(dtype) {
      try destination.withBytes { try file.read(source.info, into: $0, at: source.partOffset) }
    } else {
      try convert(source, stored, into: destination.reshape(-1))
    }
    return destination
  }

  private func convert(_ source: WeightSource, _ stored: StoredNumbers, into destination: Tensor) throws {
    let staging = try self.staging ?? Tensor.empty([Self.stagingBytes], .uint8)
    self.staging = staging
    let width = stored.byteCount
    var done = 0
    while done < destination.count {
      let count = min(destination.count - done, Self.stagingBytes / width)
      let piece = try staging.narrow(0, from: 0, length: count * width)
      try piece.withBytes { try file.read(source.info, into: $0, at: source.partOffset + done * width) }
      try destination.narrow(0, from: done, length: count).fill(from: stored.numbers(piece))
      done += count
    }
  }
}
