import Torch

/// Where a picture's noise comes from: one generator a picture, drawn on the CPU, whatever the device.
struct NoiseSource {
  private let generator: Generator
  private let shape: [Int]
  private let device: Device

  /// - Parameters: seed its low 32 bits are used; shape of every draw.
  init(seed: UInt64, shape: [Int], device: Device) throws(TorchError) {
    generator = try Generator(seed: seed)
    (self.shape, self.device) = (shape, device)
  }

  /// The next standard normal numbers, float32.
  func draw() throws(TorchError) -> Tensor { try generator.randn(shape).to(device) }
}
