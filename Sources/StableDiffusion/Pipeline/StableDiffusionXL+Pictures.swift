public import Images
import NN
public import Torch

extension StableDiffusionXL {
  /// A picture, and how it came out of the latents.
  public struct Decoded {
    public let image: RGBImage
    public let dtype: DType
    /// The first try had no picture in it; this one, in float32, has.
    public let wasRetried: Bool
    /// It was computed in bands of rows.
    public let wasBanded: Bool
  }

  /// Latents to a picture.
  ///
  /// A picture that is not finite or flat black is tried once more in float32, where that was not the format
  /// already. One that does not fit in memory whole, or is larger than SDXL's own size, is computed in bands.
  /// - Parameters: latents `[1, 4, H, W]`; decoder in place of the checkpoint's own; pause called now and then: what
  ///   it throws ends the decoding.
  /// - Throws: `PictureError` when the latents or the picture are not finite, or the picture is flat black;
  ///   `OutOfMemoryError`; `TorchError`.
  public func decode(
    _ latents: Tensor, with decoder: ExternalVAE? = nil, pause: () throws -> Void = {}
  ) throws -> Decoded {
    guard try latents.allFinite() else { throw PictureError.nonfiniteLatents }
    let vae = decoder?.autoencoder ?? networks.vae
    do {
      let (image, wasBanded) = try picture(latents, vae, pause)
      return Decoded(image: image, dtype: vae.formats.products, wasRetried: false, wasBanded: wasBanded)
    } catch let error as PictureError {
      guard vae.formats.products != .float32 else { throw error }
      let exact = try decoder?.inFloat32() ?? vaeInFloat32()
      let (image, wasBanded) = try picture(latents, exact, pause)
      return Decoded(image: image, dtype: .float32, wasRetried: true, wasBanded: wasBanded)
    }
  }

  /// The picture, and whether it was computed in bands.
  private func picture(
    _ latents: Tensor, _ vae: AutoencoderKL, _ pause: () throws -> Void
  ) throws -> (RGBImage, wasBanded: Bool) {
    let pixels = latents.size(2) * latents.size(3) * AutoencoderKL.scale * AutoencoderKL.scale
    return try inBandsIfNeeded(pixels: pixels) {
      try image(vae.decode(latents, pause: pause))
    } banded: {
      try withoutActuallyEscaping(pause) { pause in
        try image(vae.decode(latents, bands: RowBands(pause: pause)))
      }
    }
  }

  /// - Parameter decoded: float32, −1 to 1, `[1, 3, 8H, 8W]`.
  private func image(_ decoded: Tensor) throws -> RGBImage {
    guard try decoded.allFinite() else { throw PictureError.nonfinitePicture }
    let levels = try (decoded * 0.5 + 0.5).clamp(0...1) * 255.0
    let bytes = try levels.round().permute(0, 2, 3, 1).values(UInt8.self)
    guard bytes.contains(where: { $0 != 0 }) else { throw PictureError.flatBlack }
    guard let image = RGBImage(width: decoded.size(3), height: decoded.size(2), pixels: bytes) else {
      throw TorchError(
        kind: .internal, operation: "decode", shapes: [decoded.shape], message: "not a picture")
    }
    return image
  }

  /// The checkpoint's VAE, read again in float32.
  func vaeInFloat32() throws -> AutoencoderKL {
    try CheckpointError.wrapping {
      let store = WeightStore(
        checkpoint.file, sources: checkpoint.sources, fileName: checkpoint.names.key, device: options.device)
      return try AutoencoderKL(Weights(store, path: "vae", dtype: .float32))
    }
  }
}

/// A result that must not be shown.
public enum PictureError: Error, Sendable, Equatable {
  case nonfiniteLatents, nonfinitePicture, flatBlack
}
