import CLIPTokenizer
import NN

/// The four networks of SDXL, made from one checkpoint and found to fit each other.
struct Networks {
  let textEncoder: CLIPTextModel, textEncoder2: CLIPTextModel
  let unet: UNet2DConditionModel
  let vae: AutoencoderKL
  /// The weights of all four, for adapters.
  let parameters: ParameterTable

  /// - Throws: `WeightError` for a tensor that is missing, misshapen or of no use; `SafetensorsError`; `TorchError`.
  init(_ store: WeightStore, _ options: StableDiffusionXL.Options) throws {
    let weights = Weights(store, dtype: options.dtype)
    try Topology.check(weights)
    let end = CLIPTokenizer.endOfText
    let text = Weights(store, formats: .text(options.dtype, on: options.device))
    textEncoder = try CLIPTextModel(text["text_encoder"], activation: .quickGELU, endOfText: end)
    textEncoder2 = try CLIPTextModel(text["text_encoder_2"], activation: .gelu, endOfText: end)
    unet = try UNet2DConditionModel(weights["unet"])
    vae = try AutoencoderKL(Weights(store, path: "vae", dtype: options.vaeDtype))
    parameters = store.parameters
    if let stranger = store.unused.first {
      throw WeightError(file: store.name, tensor: store.fileName(of: stranger), problem: .unexpected)
    }
    try checkFit(weights["unet"])
  }

  private func checkFit(_ unetWeights: Weights) throws {
    let text = textEncoder.width + textEncoder2.width
    if text != unet.contextC {
      let block = unetWeights["mid_block"]["attentions"][0]["transformer_blocks"][0]
      throw block["attn2"]["to_k"].unsuitable(
        "weight", "takes text of width \(unet.contextC), the encoders give \(text)")
    }
    if textEncoder2.pooledC != unet.pooledC {
      throw unetWeights["add_embedding"]["linear_1"].unsuitable(
        "weight", "takes pooled text of width \(unet.pooledC), the encoder gives \(textEncoder2.pooledC ?? 0)"
      )
    }
    if unet.latentC != vae.latentC {
      throw unetWeights["conv_in"].unsuitable(
        "weight", "takes \(unet.latentC) channels, the VAE gives \(vae.latentC)")
    }
  }
}
