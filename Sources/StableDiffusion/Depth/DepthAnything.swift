import NN
import Torch

/// A transformer's states, brought to four sizes, fused from the coarsest to the finest, as the depth of each pixel.
/// Source: transformers `models/depth_anything/modeling_depth_anything.py`, DepthAnythingForDepthEstimation.
final class DepthAnything {
  let backbone: Dinov2
  let reassemble: [DepthAnythingReassembleLayer]
  /// Without a bias, `[fused, C, 3, 3]`.
  let convs: [Tensor]
  let fusion: [DepthAnythingFusionLayer]
  let head: DepthAnythingHead

  init(_ w: Weights, _ configuration: DepthConfiguration) throws {
    backbone = try Dinov2(w["backbone"], configuration)
    let width = backbone.embeddings.width
    let neck = w["neck"]
    let stages = configuration.stages.indices
    let reassemble = try stages.map {
      try DepthAnythingReassembleLayer(neck["reassemble_stage"]["layers"][$0], width, index: $0)
    }
    let fused = try neck["convs"][0].shape("weight", rank: 4)[0]
    convs = try stages.map { try neck["convs"][$0].tensor("weight", [fused, reassemble[$0].channels, 3, 3]) }
    fusion = try stages.map {
      try DepthAnythingFusionLayer(neck["fusion_stage"]["layers"][$0], fused, joins: $0 > 0)
    }
    head = try DepthAnythingHead(w["head"], fused)
    self.reassemble = reassemble
  }

  /// What published files hold and no depth is made with: what stood for hidden patches in training, and the first
  /// fusion's way in for states that are not there.
  static func passesOver(_ name: String) -> Bool {
    name == "backbone.embeddings.mask_token"
      || name.hasPrefix("neck.fusion_stage.layers.0.residual_layer1.")
  }

  /// - Parameters: x a picture, normalised, `[1, 3, H, W]` of whole patches; pause called before each layer.
  /// - Returns: nearness, from 0 up, `[1, 1, H, W]`.
  func callAsFunction(_ x: Tensor, pause: () throws -> Void = {}) throws -> Tensor {
    var maps: [Tensor] = []
    for (index, states) in try backbone(x, pause: pause).enumerated() {
      maps.append(try conv2d(reassemble[index](states), convs[index], nil, stride: 1, padding: 1))
    }
    var fused: Tensor?
    for (index, layer) in fusion.enumerated() {
      try pause()
      let place = maps.count - 1 - index
      let map = maps[place]
      // To the next map's size; the last to twice its own.
      let (height, width) =
        place > 0 ? (maps[place - 1].size(2), maps[place - 1].size(3)) : (2 * map.size(2), 2 * map.size(3))
      fused = try layer(fused, map, height: height, width: width)
    }
    return try head(fused ?? maps[0], height: x.size(2), width: x.size(3))
  }
}

/// Source: the same file, DepthAnythingReassembleLayer; the first map is four times as large as its states, the last
/// half as large.
final class DepthAnythingReassembleLayer {
  let projection: Conv2d
  let resize: Resize
  let channels: Int

  enum Resize {
    case larger(ConvTranspose2d), same, smaller(Conv2d)
  }

  init(_ w: Weights, _ width: Int, index: Int) throws {
    channels = try w["projection"].shape("weight", rank: 4)[0]
    projection = try Conv2d(w["projection"], width, channels, kernel: 1)
    switch index {
    case 0: resize = .larger(try ConvTranspose2d(w["resize"], channels, channels, kernel: 4))
    case 1: resize = .larger(try ConvTranspose2d(w["resize"], channels, channels, kernel: 2))
    case 2: resize = .same
    default: resize = .smaller(try Conv2d(w["resize"], channels, channels, kernel: 3, stride: 2, padding: 1))
    }
  }

  /// - Parameter x: `[B, width, H, W]`. - Returns: `[B, channels, …]`.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let h = try projection(x)
    return switch resize {
    case .larger(let layer): try layer(h)
    case .same: h
    case .smaller(let layer): try layer(h)
    }
  }
}

/// Source: the same file, DepthAnythingFeatureFusionLayer.
final class DepthAnythingFusionLayer {
  let projection: Conv2d
  /// For the map that joins; `nil` in the layer that comes first.
  let residualLayer1: DepthAnythingResidualLayer?
  let residualLayer2: DepthAnythingResidualLayer

  init(_ w: Weights, _ channels: Int, joins: Bool) throws {
    projection = try Conv2d(w["projection"], channels, channels, kernel: 1)
    residualLayer1 = joins ? try DepthAnythingResidualLayer(w["residual_layer1"], channels) : nil
    residualLayer2 = try DepthAnythingResidualLayer(w["residual_layer2"], channels)
  }

  /// - Parameters: fused what the layers before made, of the map's shape; map `[B, C, H, W]`.
  /// - Returns: `[B, C, height, width]`.
  func callAsFunction(
    _ fused: Tensor?, _ map: Tensor, height: Int, width: Int
  ) throws(TorchError) -> Tensor {
    var h = map
    if let fused, let residualLayer1 { h = try fused + residualLayer1(map) }
    h = try residualLayer2(h)
    return try projection(upsampleBilinear2d(h, height: height, width: width, alignCorners: true))
  }
}

/// Source: the same file, DepthAnythingPreActResidualLayer.
final class DepthAnythingResidualLayer {
  let convolution1: Conv2d, convolution2: Conv2d

  init(_ w: Weights, _ channels: Int) throws {
    convolution1 = try Conv2d(w["convolution1"], channels, channels, kernel: 3, padding: 1)
    convolution2 = try Conv2d(w["convolution2"], channels, channels, kernel: 3, padding: 1)
  }

  /// - Parameter x: `[B, C, H, W]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try x + convolution2(relu(convolution1(relu(x))))
  }
}

/// Source: the same file, DepthAnythingDepthEstimationHead, for relative depth.
final class DepthAnythingHead {
  let conv1: Conv2d, conv2: Conv2d, conv3: Conv2d

  init(_ w: Weights, _ channels: Int) throws {
    conv1 = try Conv2d(w["conv1"], channels, channels / 2, kernel: 3, padding: 1)
    let hidden = try w["conv2"].shape("weight", rank: 4)[0]
    conv2 = try Conv2d(w["conv2"], channels / 2, hidden, kernel: 3, padding: 1)
    conv3 = try Conv2d(w["conv3"], hidden, 1, kernel: 1)
  }

  /// - Parameter x: `[B, C, …]`. - Returns: `[B, 1, height, width]`.
  func callAsFunction(_ x: Tensor, height: Int, width: Int) throws(TorchError) -> Tensor {
    let h = try upsampleBilinear2d(conv1(x), height: height, width: width, alignCorners: true)
    return try relu(conv3(relu(conv2(h))))
  }
}
