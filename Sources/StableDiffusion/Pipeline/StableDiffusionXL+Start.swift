public import Images
import NN
public import Torch

extension StableDiffusionXL {
  /// Whether the checkpoint takes a picture and a mask, and nothing less.
  public var inpaints: Bool { networks.unet.inpaints }

  /// What a run is to start from.
  public enum Start {
    /// As large as the result.
    case picture(RGBImage)
    /// `[1, 4, H, W]`, as the UNet has them.
    case latents(Tensor)
  }

  /// Where to repaint, as large as the result.
  public struct Repaint {
    /// White repaints.
    let mask: GrayImage
    let kind: Kind
    /// What is around it, for checkpoints that look at that.
    let picture: RGBImage

    public enum Kind: Sendable {
      /// From the middle grey on a place is repainted, below it is not.
      case binary
      /// The brighter a place, the more of the run it is repainted in.
      case soft
    }

    public init(_ mask: GrayImage, _ kind: Kind, around picture: RGBImage) {
      (self.mask, self.kind, self.picture) = (mask, kind, picture)
    }

    /// Whether any position of the latents is repainted.
    public var selectsSomething: Bool {
      switch kind {
      case .binary: mask.latentValues.contains { $0 > 0 }
      case .soft: mask.keptShares.contains { $0 < 1 }
      }
    }
  }

  /// Reads what a run is to start from.
  /// - Parameters: repaint `nil` to repaint everything; vae in place of the checkpoint's own; pause called now and
  ///   then: what it throws ends the reading.
  /// - Throws: `SamplingError` for a mask that is of another size than its picture, or is soft where the
  ///   checkpoint knows none; `PictureError.nonfiniteLatents`; `TorchError`.
  public func start(
    from start: Start, repaint: Repaint? = nil, with vae: ExternalVAE? = nil, pause: () throws -> Void = {}
  ) throws -> StartingLatents {
    let mask = try repaint.map { try latentRepaint($0, vae, pause) }
    switch start {
    case .latents(let latents): return StartingLatents(.latents(latents), repaint: mask)
    case .picture(let picture):
      let moments = try encode(picture, with: vae, pause: pause)
      return try StartingLatents(.picture(LatentDistribution(moments: moments)), repaint: mask)
    }
  }

  /// Latents of a larger picture, between those of a smaller one.
  /// - Parameters: latents `[1, 4, H, W]`; width and height in pixels.
  /// - Returns: `[1, 4, height / 8, width / 8]`.
  public func upscaled(_ latents: Tensor, width: Int, height: Int) throws(TorchError) -> Tensor {
    try upsampleBilinear2d(
      latents, height: height / AutoencoderKL.scale, width: width / AutoencoderKL.scale)
  }

  private func latentRepaint(
    _ repaint: Repaint, _ vae: ExternalVAE?, _ pause: () throws -> Void
  ) throws -> LatentRepaint {
    let mask = repaint.mask
    guard (mask.width, mask.height) == (repaint.picture.width, repaint.picture.height) else {
      throw SamplingError.maskSize
    }
    switch (repaint.kind, inpaints) {
    case (.soft, true): throw SamplingError.softMask
    case (.soft, false): return .gradual(kept: mask.keptShares)
    case (.binary, false): return .blended(mask: try mask.latents(on: options.device))
    case (.binary, true):
      let moments = try encode(repaint.picture, without: mask, with: vae, pause: pause)
      return try .seen(
        mask: mask.latents(on: options.device), around: LatentDistribution(moments: moments))
    }
  }

  /// A picture to the distribution of its latents.
  ///
  /// What is not finite is tried once more in float32, as in decoding, and what is larger than SDXL's own size, or does
  /// not fit in memory whole, is read in bands.
  /// - Parameters: hidden white where the picture is not shown; vae in place of the checkpoint's own; pause as in `start`.
  /// - Returns: float32 mean and log-variance, unscaled, `[1, 8, H, W]`.
  /// - Throws: `PictureError.nonfiniteLatents`; `OutOfMemoryError`; `TorchError`.
  public func encode(
    _ picture: RGBImage, without hidden: GrayImage? = nil, with vae: ExternalVAE? = nil,
    pause: () throws -> Void = {}
  ) throws -> Tensor {
    let levels = try levels(picture, without: hidden)
    let own = vae?.autoencoder ?? networks.vae
    let moments = try encoded(levels, own, pause)
    if try moments.allFinite() { return moments }
    guard own.formats.products != .float32 else { throw PictureError.nonfiniteLatents }
    let again = try encoded(levels, vae?.inFloat32() ?? vaeInFloat32(), pause)
    guard try again.allFinite() else { throw PictureError.nonfiniteLatents }
    return again
  }

  /// −1 to 1, and 0 where hidden: float32 `[1, 3, 8H, 8W]`.
  private func levels(_ picture: RGBImage, without hidden: GrayImage?) throws(TorchError) -> Tensor {
    let (height, width) = (picture.height, picture.width)
    let bytes = try Tensor(picture.pixels, [1, height, width, 3]).to(options.device)
    // Channels stay last in memory, as diffusers has them: libtorch's norms on the CPU sum them in another order than
    // it does rows of one channel, and random networks tell the difference.
    let levels = try bytes.to(.float32).permute(0, 3, 1, 2) * (2.0 / 255) + -1.0
    guard let hidden else { return levels }
    let shown = hidden.pixels.map { $0 < GrayImage.middle ? 1 : 0 as Float }
    return try levels * Tensor(shown, [1, 1, height, width]).to(options.device)
  }

  private func encoded(_ picture: Tensor, _ vae: AutoencoderKL, _ pause: () throws -> Void) throws -> Tensor {
    try inBandsIfNeeded(pixels: picture.size(2) * picture.size(3)) {
      try vae.encode(picture, pause: pause)
    } banded: {
      try withoutActuallyEscaping(pause) { try vae.encode(picture, bands: RowBands(pause: $0)) }
    }.value
  }
}

extension GrayImage {
  /// From here on a mask's value counts as white. Source: diffusers `VaeImageProcessor.binarize`, 0.5.
  fileprivate static let middle: UInt8 = 128

  /// Of each position of the latents, its first pixel: 1 where white, else 0.
  /// Source: `torch.nn.functional.interpolate`, nearest.
  fileprivate var latentValues: [Float] {
    let scale = AutoencoderKL.scale
    let (rows, columns) = (height / scale, width / scale)
    return (0..<rows * columns).map { place in
      let (y, x) = (place / columns, place % columns)
      return pixels[y * scale * width + x * scale] < Self.middle ? 0 : 1
    }
  }

  /// The same as `[1, 1, H, W]`.
  fileprivate func latents(on device: Device) throws(TorchError) -> Tensor {
    let scale = AutoencoderKL.scale
    return try Tensor(latentValues, [1, 1, height / scale, width / scale]).to(device)
  }

  /// Of each position of the latents, how black its middle is, 0 to 1: the mean of four pixels.
  /// Source: `torch.nn.functional.interpolate`, bilinear, of a picture an eighth as large.
  fileprivate var keptShares: [Float] {
    let scale = AutoencoderKL.scale
    let (rows, columns) = (height / scale, width / scale)
    return (0..<rows * columns).map { place in
      let start = (place / columns * scale + scale / 2 - 1) * width + place % columns * scale + scale / 2 - 1
      let sum = [start, start + 1, start + width, start + width + 1].reduce(0) { $0 + Int(pixels[$1]) }
      return Float(4 * 255 - sum) / Float(4 * 255)
    }
  }
}
