import Safetensors
import Torch

/// A product of two thin matrices that is added to a weight.
///
/// Source: Hu et al. 2021, "LoRA"; without a factor of its own, as Control-LoRAs have it.
public struct LowRankChange: Sendable {
  /// `[out, r]`, of a convolution `[out, r, 1, 1]` too.
  let up: WeightSource
  /// `[r, in]`, of a convolution `[r, in, k, k]`.
  let down: WeightSource

  public init(up: WeightSource, down: WeightSource) { (self.up, self.down) = (up, down) }

  /// Whether the product is of the shape of the weight.
  func suits(_ shape: [Int]) -> Bool {
    let (up, down) = (self.up.info.shape, self.down.info.shape)
    guard up.count >= 2, !down.isEmpty, up[2...].allSatisfy({ $0 == 1 }), up[1] == down[0] else {
      return false
    }
    return [up[0]] + down[1...] == shape
  }

  /// - Parameters: weight in float32; read brings a part here, in float32.
  func added(to weight: Tensor, _ read: (WeightSource) throws -> Tensor) throws -> Tensor {
    let (up, down) = (try read(up), try read(down))
    let product = try matmul(up.reshape(up.size(0), -1), down.reshape(down.size(0), -1))
    return try weight + product.reshape(weight.shape)
  }
}

/// What a store stands on: weights of another file, some of them changed.
public struct WeightFoundation {
  let store: WeightStore
  /// By the name of the weight.
  let changes: [String: LowRankChange]

  public init(_ store: WeightStore, changes: [String: LowRankChange]) {
    (self.store, self.changes) = (store, changes)
  }
}
