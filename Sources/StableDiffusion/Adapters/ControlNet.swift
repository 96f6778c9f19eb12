import CheckpointKinds
import Foundation
import Images
import NN
import Safetensors
public import Torch

/// A ControlNet in diffusers' layout, or a Control-LoRA, read for one model.
///
/// Not Sendable: it holds tensors, on the thread that owns them.
public final class ControlNet {
  /// The base name of the file of weights.
  public let file: String
  let model: ControlNetModel
  private let parameters: ParameterTable
  private let configuration: ControlNetConfiguration
  private let device: Device

  /// Reads every weight.
  /// - Parameters:
  ///   - path: a safetensors file, or a folder with one and its `config.json`.
  ///   - model: whose UNet it must have been made for.
  ///   - progress: called with the bytes just read; what it throws ends the loading.
  /// - Throws: `CheckpointError` for files that are no such ControlNet, or of another model, or a tensor that is
  ///   missing, misshapen or of no use; `TorchError`.
  public init(
    path: String, for model: StableDiffusionXL, progress: @escaping (Int) throws -> Void = { _ in }
  ) throws {
    let files = ControlNetFiles(path)
    let configuration = try files.configuration.map { try ControlNetConfiguration(path: $0) } ?? .init()
    let source = try CheckpointError.wrapping {
      let source = try SafetensorsFile(path: files.weights)
      try source.requireControlNet()
      return source
    }
    (file, device, self.configuration) = (source.name, model.options.device, configuration)
    (self.model, parameters) = try CheckpointError.wrapping(partOf: "a ControlNet for SDXL") {
      let store =
        try ControlLoRA(source)?.store(over: model, progress: progress)
        ?? WeightStore(
          source, sources: source.header.tensors.mapValues { WeightSource($0) }, device: model.options.device,
          progress: progress)
      let weights = Weights(store, dtype: model.options.dtype)
      try Topology.checkControlNet(weights, beside: model.networks.unet)
      let network = try ControlNetModel(weights, context: model.networks.unet.contextC)
      try store.requireAllTaken()
      try configuration.check(network.encoder)
      return (network, store.parameters)
    }
  }

  /// The first tensor of the file that has numbers which are not finite; `nil` where all are. Looks at every weight.
  public func damage() throws(TorchError) -> CheckpointError? { try parameters.damage() }

  /// A picture as its network takes it: 0 to 1, `[1, 3, H, W]`.
  func levels(of picture: RGBImage) throws(TorchError) -> Tensor {
    let bytes = try Tensor(picture.pixels, [1, picture.height, picture.width, 3]).to(device)
    let levels = try bytes.to(.float32).permute(0, 3, 1, 2).contiguous() * (1.0 / 255)  // [1, 3, H, W]
    guard configuration.order == .bgr else { return levels }
    return try cat(
      (0..<3).map { (channel) throws(TorchError) in try levels.narrow(1, from: 2 - channel, length: 1) },
      dim: 1)
  }
}

/// The files that a ControlNet is read from.
public struct ControlNetFiles: Equatable, Sendable {
  public let weights: String
  /// `nil` for weights without a configuration.
  public let configuration: String?

  /// Source: diffusers `utils/constants.py`, SAFETENSORS_WEIGHTS_NAME and CONFIG_NAME; its variants.
  private static let weightNames = [
    "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors",
  ]

  /// - Parameter path: a file of weights, or a folder as diffusers saves models.
  public init(_ path: String) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      (weights, configuration) = (path, nil)
      return
    }
    let candidates = Self.weightNames.map { "\(path)/\($0)" }
    weights = candidates.first { FileManager.default.fileExists(atPath: $0) } ?? candidates[0]
    let configuration = "\(path)/config.json"
    self.configuration = FileManager.default.fileExists(atPath: configuration) ? configuration : nil
  }
}
