public import Images

/// A picture to start from instead of noise alone.
public struct StartingPicture: Codable, Sendable, Equatable {
  /// As large as the result.
  public var picture: RGBImage
  /// How much of the run is made, 0 to 1: `min(⌊steps · strength⌋, steps)` steps.
  public var strength: Double
  /// Where to repaint; `nil` repaints everything.
  public var mask: RepaintMask?

  public init(_ picture: RGBImage, strength: Double, mask: RepaintMask? = nil) {
    (self.picture, self.strength, self.mask) = (picture, strength, mask)
  }
}

/// Where to repaint.
public struct RepaintMask: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
    /// From the middle grey on a place is repainted, below it is not.
    case binary
    /// The brighter a place, the more of the run it is repainted in: differential diffusion.
    case soft
  }

  /// As large as the result; white repaints.
  public var mask: GrayImage
  public var kind: Kind

  public init(_ mask: GrayImage, kind: Kind = .binary) { (self.mask, self.kind) = (mask, kind) }
}

/// A second pass over the finished picture at a larger size.
public struct SecondPass: Codable, Sendable, Equatable {
  public enum Upscaler: String, Codable, Sendable, Hashable, CaseIterable {
    /// The latents, bilinearly.
    case latent
    /// The decoded picture, by Lanczos' filter.
    case picture
  }

  /// Pixels, multiples of 8, at least those of the first pass.
  public var width: Int
  public var height: Int
  /// Of the whole run, of which `strength` says how much is made.
  public var steps: Int
  /// Above 0, up to 1.
  public var strength: Double
  public var upscaler: Upscaler

  public init(width: Int, height: Int, steps: Int, strength: Double = 0.5, upscaler: Upscaler = .latent) {
    (self.width, self.height, self.steps) = (width, height, steps)
    (self.strength, self.upscaler) = (strength, upscaler)
  }
}
