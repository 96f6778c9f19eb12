import Foundation

/// How a pixel of a resized picture is made from those around its place.
/// Source: Pillow `libImaging/Resample.c`.
public enum ResampleFilter: String, Sendable, Codable, CaseIterable {
  case nearest, box, bilinear, bicubic, lanczos

  /// How far from its place a pixel looks, in input pixels, or in output pixels where those are larger.
  var support: Double {
    switch self {
    case .nearest, .box: 0.5
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The weight of an input at distance `x`, before the weights of a pixel are made to sum to 1.
  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .nearest, .box: x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear: max(1 - abs(x), 0)
    case .bicubic: bicubic(abs(x))
    case .lanczos: x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }

  /// Keys' cubic convolution with a = −½.
  private func bicubic(_ x: Double) -> Double {
    let a = -0.5
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
  }

  private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}
