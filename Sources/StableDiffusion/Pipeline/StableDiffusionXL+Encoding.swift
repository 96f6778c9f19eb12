import CLIPTokenizer
import Torch

/// A text as the UNet takes it.
struct EncodedText {
  /// Both encoders' states beside each other, window after window: `[1, 77 n, C]`.
  let context: Tensor
  /// The second encoder's summary of the first window: `[1, pooled]`.
  let pooled: Tensor
}

extension StableDiffusionXL {
  /// Runs a prompt through both encoders, one window at a time.
  /// - Parameter windows: at least so many, under style `diffusers`; those of the empty text make up for the rest.
  func encode(_ prompt: Prompt, windows: Int, pause: () throws -> Void) throws -> EncodedText {
    let extent = prompt.style == .diffusers ? max(windows, prompt.windows) : prompt.windows
    func run(_ windows: [PromptWindow], _ reader: WindowReader) throws -> (context: Tensor, pooled: Tensor?) {
      let missing = max(0, extent - windows.count)
      return try reader.read(windows + Array(repeating: PromptWindow(), count: missing), pause: pause)
    }
    func reader(
      _ encoder: CLIPTextModel, _ padding: CLIPTokenizer.Padding, _ vectors: [Float]
    ) throws -> WindowReader {
      WindowReader(
        encoder: encoder, tokenizer: tokenizer, padding: padding,
        vectors: vectors.isEmpty
          ? nil : try Tensor(vectors, [vectors.count / encoder.width, encoder.width]).to(options.device),
        style: prompt.style, clipSkip: prompt.clipSkip)
    }
    let inversions = prompt.inversions
    let first = try run(
      prompt.first, reader(networks.textEncoder, .endOfText, inversions.flatMap(\.first)))
    let second = try run(prompt.second, reader(networks.textEncoder2, .zero, inversions.flatMap(\.second)))
    guard let pooled = second.pooled else {
      throw TorchError(kind: .internal, operation: "encode", shapes: [], message: "no text projection")
    }
    return EncodedText(context: try cat([first.context, second.context], dim: 2), pooled: pooled)
  }
}

/// One text encoder, and how its answers are weighed.
private struct WindowReader {
  let encoder: CLIPTextModel
  let tokenizer: CLIPTokenizer
  let padding: CLIPTokenizer.Padding
  /// Of the prompt's textual inversions, `[n, C]`.
  let vectors: Tensor?
  let style: StableDiffusionXL.Prompt.Style
  let clipSkip: Int

  /// - Returns: the states of all windows `[1, 77 n, C]`, and the summary of the first one.
  func read(
    _ windows: [PromptWindow], pause: () throws -> Void
  ) throws -> (context: Tensor, pooled: Tensor?) {
    var states: [Tensor] = []
    var pooled: Tensor?
    var empty: Tensor?
    for window in windows {
      try pause()
      let output = try encode(window)
      if states.isEmpty { pooled = output.pooled }
      guard window.isWeighted else {
        states.append(output.hidden)
        continue
      }
      let weights = try Tensor(window.weights, [1, CLIPTokenizer.windowLength, 1]).to(output.hidden.device)
      let plain = try output.hidden.to(.float32)
      let weighted: Tensor
      if style == .comfy {
        let reference = try empty ?? encode(PromptWindow()).hidden.to(.float32)
        empty = reference
        weighted = try awayFrom(reference, plain, weights)
      } else {
        weighted = try keepingTheMean(plain, weights)
      }
      let state = try weighted.to(output.hidden.dtype ?? .float32)
      guard try state.allFinite() else {
        throw PromptError("the weights of this prompt leave no finite numbers to compute with")
      }
      states.append(state)
    }
    return (try cat(states, dim: 1), pooled)
  }

  private func encode(_ window: PromptWindow) throws -> CLIPTextModel.Output {
    try encoder(
      tokenizer.window(window.tokens.map(\.id), padding: padding), vectors: vectors, clipSkip: clipSkip)
  }

  /// ComfyUI's way: `e + w (z − e)`, e the empty text's states; where w is 1 exactly z.
  private func awayFrom(_ e: Tensor, _ z: Tensor, _ w: Tensor) throws(TorchError) -> Tensor {
    try z + (w + -1.0) * (z - e)
  }

  /// A1111's way: `w z`, then scaled to the mean that z had.
  private func keepingTheMean(_ z: Tensor, _ w: Tensor) throws(TorchError) -> Tensor {
    let weighted = try z * w
    return try weighted * (mean(z) / mean(weighted)).to(.float32)
  }

  /// In double precision: positive and negative states all but cancel. `[1, 1, 1]`
  private func mean(_ x: Tensor) throws(TorchError) -> Tensor {
    let row = try x.to(.float64).reshape(1, 1, -1)
    let ones = try Tensor.full(1, [row.count, 1], .float64, on: x.device)
    return try matmul(row, ones) * (1 / Double(row.count))
  }
}
