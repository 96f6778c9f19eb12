public import Safetensors
public import Torch

/// Reads many tensors of a file at once.
///
/// One by one, a thousand small tensors are slow to bring to a GPU: they travel in large pieces, and are views of
/// those.
public struct TensorReader {
  private let file: SafetensorsFile
  private let device: Device

  private let pieceBytes: Int

  /// - Parameter pieceBytes: a larger tensor is a piece of its own.
  public init(_ file: SafetensorsFile, device: Device, pieceBytes: Int = 1 << 26) {
    (self.file, self.device, self.pieceBytes) = (file, device, pieceBytes)
  }

  /// - Parameters:
  ///   - wanted: tensors of the file, none empty.
  ///   - progress: called with the bytes just read; what it throws ends the reading.
  /// - Returns: by name, on the device, in the file's number format; 8-bit numbers are widened to float16.
  /// - Throws: `WeightError` for a tensor that is not made of floating-point numbers, or of some that are not finite;
  ///   `SafetensorsError`; `TorchError`.
  public func read(_ wanted: [TensorInfo], progress: (Int) throws -> Void) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for infos in Dictionary(grouping: wanted, by: \.dtype).values {
      var piece: [TensorInfo] = []
      var bytes = 0
      // In the file's order: pieces are read from front to back.
      for info in infos.sorted(by: { $0.offset < $1.offset }) {
        if !piece.isEmpty, bytes + info.byteCount > pieceBytes {
          try read(piece, bytes, into: &tensors)
          try progress(bytes)
          (piece, bytes) = ([], 0)
        }
        piece.append(info)
        bytes += info.byteCount
      }
      try read(piece, bytes, into: &tensors)
      try progress(bytes)
    }
    return tensors
  }

  /// - Parameter infos: of one number format, `bytes` in all.
  private func read(_ infos: [TensorInfo], _ bytes: Int, into tensors: inout [String: Tensor]) throws {
    guard let first = infos.first else { return }
    let stored = try StoredNumbers(first.dtype, file: file.name, tensor: first.name)
    let host = try Tensor.empty([bytes], .uint8)
    try host.withBytes { buffer in
      var done = 0
      for info in infos {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + info.byteCount])
        try file.read(info, into: part)
        done += info.byteCount
      }
    }
    let numbers = try stored.numbers(host).to(device)
    let isSound = try numbers.allFinite()
    var done = 0
    for info in infos {
      let count = info.byteCount / info.dtype.byteCount
      let tensor = try numbers.narrow(0, from: done, length: count)
      if !isSound, try !tensor.allFinite() {
        throw WeightError(file: file.name, tensor: info.name, problem: .nonfinite)
      }
      tensors[info.name] = try tensor.reshape(info.shape)
      done += count
    }
  }
}
