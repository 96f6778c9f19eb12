import CTorch

// What layers are made of. Source: torch.nn.functional, functions of the same names.

/// `x Wᵀ + b` over the last dimension: `[…, in]` and `[out, in]` give `[…, out]`.
public func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) throws(TorchError) -> Tensor {
  try Tensor("linear", [x, weight]) { ct_linear(x.handle, weight.handle, bias?.handle) }
}

/// `[B, in, H, W]` and `[out, in, k, k]` give `[B, out, H', W']`.
public func conv2d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, stride: Int, padding: Int
) throws(TorchError) -> Tensor {
  try Tensor("conv2d", [x, weight]) {
    ct_conv2d(x.handle, weight.handle, bias?.handle, Int64(stride), Int64(padding))
  }
}

/// `[B, in, H, W]` and `[in, out, k, k]` give `[B, out, H', W']`, without padding.
public func convTranspose2d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, stride: Int
) throws(TorchError) -> Tensor {
  try Tensor("conv_transpose2d", [x, weight]) {
    ct_conv_transpose2d(x.handle, weight.handle, bias?.handle, Int64(stride))
  }
}

/// Normalises `[B, C, …]` over groups of channels.
public func groupNorm(
  _ x: Tensor, groups: Int, _ weight: Tensor, _ bias: Tensor, eps: Double
) throws(TorchError) -> Tensor {
  try Tensor("group_norm", [x, weight, bias]) {
    ct_group_norm(x.handle, Int64(groups), weight.handle, bias.handle, eps)
  }
}

/// Normalises over the last dimension.
public func layerNorm(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, eps: Double) throws(TorchError) -> Tensor
{
  try Tensor("layer_norm", [x, weight, bias]) { ct_layer_norm(x.handle, weight.handle, bias.handle, eps) }
}

/// Variance (of the whole population) and mean over one dimension, which stays with size 1.
public func varMean(_ x: Tensor, dim: Int) throws(TorchError) -> (variance: Tensor, mean: Tensor) {
  var mean: OpaquePointer?
  let variance = try Tensor("var_mean", [x]) { ct_var_mean(x.handle, Int64(dim), &mean) }
  return (variance, try Tensor("var_mean", [x]) { mean })
}

/// What is below 0 becomes 0.
public func relu(_ x: Tensor) throws(TorchError) -> Tensor { try Tensor("relu", [x]) { ct_relu(x.handle) } }

/// `x · sigmoid(x)`.
public func silu(_ x: Tensor) throws(TorchError) -> Tensor { try Tensor("silu", [x]) { ct_silu(x.handle) } }

/// The exact GELU, by the error function.
public func gelu(_ x: Tensor) throws(TorchError) -> Tensor { try Tensor("gelu", [x]) { ct_gelu(x.handle) } }

public func sigmoid(_ x: Tensor) throws(TorchError) -> Tensor {
  try Tensor("sigmoid", [x]) { ct_sigmoid(x.handle) }
}

public func softmax(_ x: Tensor, dim: Int) throws(TorchError) -> Tensor {
  try Tensor("softmax", [x]) { ct_softmax(x.handle, Int64(dim)) }
}

/// Which positions a query sees.
public enum AttentionMask: Sendable {
  /// All of them.
  case none
  /// Its own and the earlier ones.
  case causal
}

/// `softmax(q kᵀ / √D) v` for q `[B, heads, L, D]`, k and v `[B, heads, S, D]`: `[B, heads, L, D]`.
public func scaledDotProductAttention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: AttentionMask = .none
) throws(TorchError) -> Tensor {
  try Tensor("scaled_dot_product_attention", [q, k, v]) {
    ct_attention(q.handle, k.handle, v.handle, mask == .causal)
  }
}

/// Rows of `table` `[N, C]` by `indices` (int64, any shape): `[…, C]`.
public func embedding(_ table: Tensor, _ indices: Tensor) throws(TorchError) -> Tensor {
  try Tensor("embedding", [table, indices]) { ct_embedding(table.handle, indices.handle) }
}

/// Nearest-neighbour resize of `[B, C, H, W]` to `[B, C, height, width]`.
public func upsampleNearest2d(_ x: Tensor, height: Int, width: Int) throws(TorchError) -> Tensor {
  try Tensor("upsample_nearest2d", [x]) { ct_upsample_nearest2d(x.handle, Int64(height), Int64(width)) }
}

/// Bilinear resize of `[B, C, H, W]` to `[B, C, height, width]`, without antialiasing.
/// - Parameter alignCorners: the corners' pixels are points that stay where they are; otherwise pixels are areas.
public func upsampleBilinear2d(
  _ x: Tensor, height: Int, width: Int, alignCorners: Bool = false
) throws(TorchError) -> Tensor {
  try Tensor("upsample_bilinear2d", [x]) {
    ct_upsample_bilinear2d(x.handle, Int64(height), Int64(width), alignCorners)
  }
}

/// Bicubic resize of `[B, C, H, W]` to `[B, C, height, width]`: `align_corners=False`, without antialiasing.
public func upsampleBicubic2d(_ x: Tensor, height: Int, width: Int) throws(TorchError) -> Tensor {
  try Tensor("upsample_bicubic2d", [x]) { ct_upsample_bicubic2d(x.handle, Int64(height), Int64(width)) }
}

/// Zeros around the last two dimensions.
public func pad2d(
  _ x: Tensor, left: Int = 0, right: Int = 0, top: Int = 0, bottom: Int = 0
) throws(TorchError) -> Tensor {
  try Tensor("constant_pad_nd", [x]) {
    ct_pad2d(x.handle, Int64(left), Int64(right), Int64(top), Int64(bottom))
  }
}
