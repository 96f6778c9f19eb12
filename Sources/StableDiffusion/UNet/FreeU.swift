import Glibc
import Torch

/// Weights of what comes from below and of what is handed across, on a UNet's way up.
/// Source: Si et al. 2023, "FreeU: Free Lunch in Diffusion U-Net"; diffusers `utils/torch_utils.py`, apply_freeu.
public struct FreeU: Sendable, Equatable {
  /// Of the first and of the second level of the way up.
  public let levels: [Level]

  public struct Level: Sendable, Equatable {
    /// Of half of the channels that come from below.
    public let backbone: Double
    /// Of the low frequencies of what is handed across.
    public let skip: Double

    public init(backbone: Double, skip: Double) { (self.backbone, self.skip) = (backbone, skip) }
  }

  public init(s1: Double, s2: Double, b1: Double, b2: Double) {
    levels = [Level(backbone: b1, skip: s1), Level(backbone: b2, skip: s2)]
  }

  /// `nil` where nothing is weighed.
  func level(_ index: Int) -> Level? { levels.indices.contains(index) ? levels[index] : nil }
}

extension FreeU.Level {
  /// - Parameters: h what comes from below, `[B, C, H, W]`; skip what is handed across, `[B, S, H, W]`.
  /// - Returns: both, weighed, ready to be joined.
  func callAsFunction(_ h: Tensor, _ skip: Tensor) throws(TorchError) -> [Tensor] {
    let half = h.size(1) / 2
    let weighed = try h.narrow(1, from: 0, length: half) * backbone  // [B, C/2, H, W]
    let rest = try h.narrow(1, from: half, length: h.size(1) - half)
    return [weighed, rest, try Self.filtered(skip, low: self.skip)]
  }

  /// The low frequencies, 0 and −1 both ways, times a factor.
  ///
  /// diffusers goes to frequencies and back; these are so few that their part is two thin products. With the waves as
  /// columns of `w`, it is `x w wᵀ`: the real part, which is what diffusers keeps.
  /// Source: diffusers `utils/torch_utils.py`, fourier_filter, `threshold=1`.
  static func filtered(_ x: Tensor, low factor: Double) throws(TorchError) -> Tensor {
    let (height, width) = (x.size(2), x.size(3))
    let waves = try lowWaves(height, width).to(x.device)  // [HW, n]
    let rows = try x.to(.float32).reshape(-1, height * width)  // [BC, HW]
    let low = try matmul(matmul(rows, waves), waves.transpose(0, 1))
    return try (rows + low * (factor - 1)).reshape(x.shape).to(formatOf: x)
  }

  /// The frequencies 0 and −1 both ways, each of them once, as columns of cosines and of sines: float32 `[HW, n]`.
  private static func lowWaves(_ height: Int, _ width: Int) throws(TorchError) -> Tensor {
    let (rows, columns) = (axis(height), axis(width))
    let norm = 1 / Double(height * width).squareRoot()
    var values: [Float] = []
    values.reserveCapacity(8 * height * width)
    for row in rows {
      for column in columns {
        for a in row {
          for b in column {
            values.append(Float((a.cos * b.cos - a.sin * b.sin) * norm))
            values.append(Float((a.sin * b.cos + a.cos * b.sin) * norm))
          }
        }
      }
    }
    return try Tensor(values, [height * width, values.count / (height * width)])
  }

  /// Both frequencies at every place of an axis; of one place alone they are the same.
  private static func axis(_ length: Int) -> [[(cos: Double, sin: Double)]] {
    let frequencies = length > 1 ? [0.0, -1] : [0]
    return (0..<length).map { place in
      frequencies.map {
        let angle = 2 * Double.pi * $0 * Double(place) / Double(length)
        return (cos(angle), sin(angle))
      }
    }
  }
}
