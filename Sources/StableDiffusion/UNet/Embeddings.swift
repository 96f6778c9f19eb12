import Glibc
import NN
import Torch

/// Sines and cosines of a number at falling frequencies: `[cos | sin]`.
/// Source: diffusers `models/embeddings.py`, get_timestep_embedding, `flip_sin_to_cos=True`,
/// `downscale_freq_shift=0`.
enum Timesteps {
  /// - Parameters: values `N` numbers; dim an even width. - Returns: float32 `[N, dim]`.
  static func embed(_ values: [Double], dim: Int) throws(TorchError) -> Tensor {
    let half = dim / 2
    // In single precision and in this order, as torch computes them: at t = 999 a difference in the last
    // place of a frequency is one in the fourth of its cosine.
    let frequencies = (0..<half).map { expf(-logf(10_000) * Float($0) / Float(half)) }
    var rows: [Float] = []
    rows.reserveCapacity(values.count * dim)
    for value in values {
      let angles = frequencies.map { Float(value) * $0 }
      rows += angles.map(cosf)
      rows += angles.map(sinf)
    }
    return try Tensor(rows, [values.count, dim])
  }
}

/// Linear → SiLU → linear. Source: diffusers `models/embeddings.py`, TimestepEmbedding.
final class TimestepEmbedding {
  let linear1: Linear, linear2: Linear
  /// Channels taken and given.
  let inC: Int, outC: Int

  init(_ w: Weights) throws {
    let shape = try w["linear_1"].shape("weight", rank: 2)
    (outC, inC) = (shape[0], shape[1])
    linear1 = try Linear(w["linear_1"], inC, outC)
    linear2 = try Linear(w["linear_2"], outC, outC)
  }

  /// - Parameter x: `[B, in]`. - Returns: `[B, out]`.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try linear2(silu(linear1(x))) }
}
