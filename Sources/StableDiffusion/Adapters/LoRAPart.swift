/// What a tensor of a LoRA file is to the layer it belongs to.
enum LoRAPart: String {
  /// LoRA: `up · down`; with `mid` between them, Tucker's decomposition of a convolution.
  case down = "lora_down", up = "lora_up", mid = "lora_mid"
  /// Added to the layer's bias as `up · down` is to its weight.
  case upBias = "lora_B.bias"
  /// LoHa: `(w1A · w1B) ∘ (w2A · w2B)`, each with a core in Tucker's decomposition.
  case hadaW1A = "hada_w1_a", hadaW1B = "hada_w1_b", hadaT1 = "hada_t1"
  case hadaW2A = "hada_w2_a", hadaW2B = "hada_w2_b", hadaT2 = "hada_t2"
  /// LoKr: `w1 ⊗ w2`, each whole or a product.
  case lokrW1 = "lokr_w1", lokrW1A = "lokr_w1_a", lokrW1B = "lokr_w1_b"
  case lokrW2 = "lokr_w2", lokrW2A = "lokr_w2_a", lokrW2B = "lokr_w2_b", lokrT2 = "lokr_t2"
  /// Whole differences of weight and bias.
  case difference = "diff", biasDifference = "diff_b"
  /// The numerator of the factor `alpha / rank`.
  case alpha
  /// DoRA: the length of each row, or of each column.
  case magnitude = "dora_scale"
  /// The same, always of the rows, in whatever shape.
  case rowMagnitude = "lora_magnitude_vector"

  /// How names of tensors end; of several that fit the first counts.
  ///
  /// Sources: kohya-ss/sd-scripts `networks/lora.py`; LyCORIS `modules`; diffusers
  /// `loaders/lora_conversion_utils.py` and, for the names before PEFT, `models/attention_processor.py` and
  /// `loaders/lora_base.py` of diffusers 0.20; PEFT `tuners/lora/layer.py`.
  private static let endings: [(text: String, part: LoRAPart)] = [
    (".lora_down.weight", .down), (".lora_up.weight", .up), (".lora_mid.weight", .mid),
    (".lora_A.weight", .down), (".lora_B.weight", .up), (".lora_B.bias", .upBias),
    (".lora_A.default.weight", .down), (".lora_B.default.weight", .up), (".lora_B.default.bias", .upBias),
    ("_lora.down.weight", .down), ("_lora.up.weight", .up), ("_lora.alpha", .alpha),
    (".lora.down.weight", .down), (".lora.up.weight", .up), (".lora.alpha", .alpha),
    (".lora_linear_layer.down.weight", .down), (".lora_linear_layer.up.weight", .up),
    (".lora_linear_layer.alpha", .alpha), (".alpha", .alpha),
    (".dora_scale", .magnitude), (".lora_magnitude_vector", .rowMagnitude),
    (".lora_magnitude_vector.weight", .rowMagnitude),
    (".lora_magnitude_vector.default.weight", .rowMagnitude),
    (".hada_w1_a", .hadaW1A), (".hada_w1_b", .hadaW1B), (".hada_t1", .hadaT1),
    (".hada_w2_a", .hadaW2A), (".hada_w2_b", .hadaW2B), (".hada_t2", .hadaT2),
    (".lokr_w1", .lokrW1), (".lokr_w1_a", .lokrW1A), (".lokr_w1_b", .lokrW1B),
    (".lokr_w2", .lokrW2), (".lokr_w2_a", .lokrW2A), (".lokr_w2_b", .lokrW2B), (".lokr_t2", .lokrT2),
    (".diff", .difference), (".w_norm", .difference), (".diff_b", .biasDifference),
    (".b_norm", .biasDifference),
  ]

  /// The layer's name as the file spells it, and what the tensor is to it; `nil` for a tensor of no LoRA.
  static func split(_ key: String) -> (layer: String, part: LoRAPart)? {
    guard let ending = endings.first(where: { key.hasSuffix($0.text) }), key.count > ending.text.count else {
      return nil
    }
    return (String(key.dropLast(ending.text.count)), ending.part)
  }
}
