import NN
import Torch

/// What an adapter adds to the layers of one attention: a product of two narrow matrices each.
/// Source: diffusers `loaders/unet.py`, `_load_ip_adapter_loras`.
final class AttentionChange {
  let toQ: LowRank, toK: LowRank, toV: LowRank, toOut: LowRank

  init(_ w: Weights, _ attention: Attention) throws {
    let channels = attention.channels
    toQ = try LowRank(w["to_q_lora"], channels, channels)
    toK = try LowRank(w["to_k_lora"], attention.contextC, channels)
    toV = try LowRank(w["to_v_lora"], attention.contextC, channels)
    toOut = try LowRank(w["to_out_lora"], channels, channels)
  }
}

/// `up(down(x))`.
final class LowRank {
  let down: Linear, up: Linear

  init(_ w: Weights, _ inC: Int, _ outC: Int) throws {
    let rank = try w["down"].shape("weight", rank: 2)[0]
    down = try Linear(w["down"], inC, rank, bias: .absent)
    up = try Linear(w["up"], rank, outC, bias: .absent)
  }

  /// - Parameter x: `[B, L, in]`. - Returns: `[B, L, out]`.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try up(down(x)) }
}
