import CheckpointKinds
public import Images
import NN
import Safetensors
public import Torch

/// Sees how near each place of a picture is: Depth Anything, versions 1 and 2, on DINOv2.
///
/// It computes in float32: it is small, and runs once a picture. Not Sendable: it holds tensors, on the thread that
/// owns them.
/// Source: Yang et al. 2024, "Depth Anything V2"; the layout of `depth-anything/Depth-Anything-V2-Small-hf`.
public final class DepthModel {
  let network: DepthAnything
  private let device: Device
  private let file: String

  /// Reads every weight.
  /// - Parameters:
  ///   - folder: has `config.json` and `model.safetensors`.
  ///   - progress: called with the bytes just read; what it throws ends the loading.
  /// - Throws: `CheckpointError` for a configuration of another network, or a tensor that is missing, misshapen or of
  ///   no use; `TorchError`.
  public init(
    folder: String, device: Device, progress: @escaping (Int) throws -> Void = { _ in }
  ) throws {
    let configuration = try DepthConfiguration(path: Self.configurationPath(folder))
    let file = try CheckpointError.wrapping { try SafetensorsFile(path: Self.weightsPath(folder)) }
    (network, self.file, self.device) = (
      try CheckpointError.wrapping {
        let tensors = file.header.tensors.filter { !DepthAnything.passesOver($0.key) }
        let store = WeightStore(
          file, sources: tensors.mapValues { WeightSource($0) }, device: device, progress: progress)
        let network = try DepthAnything(Weights(store), configuration)
        if let name = store.unused.first {
          throw CheckpointError("\(file.name): tensor \(name) is not part of a depth model")
        }
        return network
      }, file.name, device
    )
  }

  /// Where the parts of a depth model lie.
  public static func configurationPath(_ folder: String) -> String { "\(folder)/\(DepthConfiguration.file)" }
  public static func weightsPath(_ folder: String) -> String { "\(folder)/model.safetensors" }

  /// The depth of a picture: white is nearest, black farthest; all black where all is equally far.
  /// - Parameter pause: called between layers: what it throws ends it.
  /// - Returns: a grey picture of the same size.
  /// - Throws: `CheckpointError` when the weights leave no finite numbers; `TorchError`.
  public func callAsFunction(_ picture: RGBImage, pause: () throws -> Void = {}) throws -> RGBImage {
    let depth = try upsampleBicubic2d(
      network(input(picture), pause: pause), height: picture.height, width: picture.width)
    guard try depth.allFinite() else {
      throw CheckpointError("\(file): the depth it sees is not finite numbers")
    }
    let (low, high) = try depth.minMax()
    // Equal values differ in their last digits once resized.
    let scale = high - low > 1e-5 * high ? 255 / (high - low) : 0
    // Cut off, as diffusers and transformers make their pictures.
    let levels = try ((depth + -low) * scale).clamp(0...255).values(UInt8.self)
    guard
      let map = RGBImage(
        width: picture.width, height: picture.height, pixels: levels.flatMap { [$0, $0, $0] })
    else {
      throw TorchError(kind: .internal, operation: "depth", shapes: [depth.shape], message: "not a picture")
    }
    return map
  }

  /// Source: transformers' DPTImageProcessor with `keep_aspect_ratio` and `ensure_multiple_of` the patch: as little
  /// scaled as brings one side to the size the model was trained on. Mean and deviation are those of the published
  /// models' `preprocessor_config.json`.
  /// - Returns: `[1, 3, H, W]` of whole patches.
  func input(_ picture: RGBImage) throws -> Tensor {
    let size = Self.size(
      picture, side: network.backbone.grid * network.backbone.patch, patch: network.backbone.patch)
    let scaled = picture.resized(width: size.width, height: size.height, filter: .bicubic)
    let bytes = try Tensor(scaled.pixels, [1, size.height, size.width, 3]).to(device)
    let levels = try bytes.to(.float32) * (1.0 / 255)
    let mean = try Tensor(Self.mean).to(device)
    let deviation = try Tensor(Self.deviation).to(device)
    return try ((levels - mean) / deviation).permute(0, 3, 1, 2).contiguous()
  }

  /// ImageNet's.
  private static let mean: [Float] = [0.485, 0.456, 0.406]
  private static let deviation: [Float] = [0.229, 0.224, 0.225]

  static func size(_ picture: RGBImage, side: Int, patch: Int) -> (width: Int, height: Int) {
    let (width, height) = (Double(picture.width), Double(picture.height))
    let (across, down) = (Double(side) / width, Double(side) / height)
    let scale = abs(1 - across) < abs(1 - down) ? across : down
    func whole(_ length: Double) -> Int {
      max(patch, Int((length / Double(patch)).rounded(.toNearestOrEven)) * patch)
    }
    return (whole(scale * width), whole(scale * height))
  }
}
