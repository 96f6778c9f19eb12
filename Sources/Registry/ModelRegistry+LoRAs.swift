import CheckpointKinds
import Safetensors

extension ModelRegistry {
  /// The `*.safetensors` of a folder by name, hidden files left out; broken ones are listed with their
  /// error. A folder that is missing or cannot be read is an empty list.
  ///
  /// Reads headers only, at most 25 MB each.
  public static func loras(folder: String) -> [LoRAFile] {
    WeightFolder.files(in: folder).map { LoRAFile(folder: folder, file: $0) }
  }
}

extension LoRAFile {
  fileprivate init(folder: String, file: String) {
    name = String(file.dropLast(WeightFolder.ending.count))
    self.file = file
    let path = folder + "/" + file
    do {
      let content = try SafetensorsFile(path: path)
      let notes = content.header.metadata
      sizeBytes = content.byteCount
      baseModel = notes["ss_base_model_version"] ?? notes["modelspec.architecture"]
      rank = Self.rank(of: content.header.tensors.values)
      triggerWords = LoRATriggers.words(in: notes)
      type = LoRAType(content.header.tensors.values)
      do {
        try content.requireLoRA()
        error = nil
      } catch {
        self.error = error.description
      }
    } catch {
      sizeBytes = WeightFolder.size(of: path)
      (baseModel, rank, triggerWords, type) = (nil, nil, [], nil)
      self.error = error.description
    }
  }

  /// How the names of factors end that lead down to the rank, their first dimension: of LoRAs as kohya, PEFT and
  /// diffusers before it name them; of LyCORIS' LoHa and LoKr.
  private static let endings = [
    ".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight", "lora.down.weight",
    ".lora_linear_layer.down.weight", ".hada_w1_b", ".hada_w2_b", ".lokr_w1_b", ".lokr_w2_b",
  ]

  private static func rank(of tensors: some Sequence<TensorInfo>) -> Int? {
    tensors
      .filter { tensor in endings.contains(where: tensor.name.hasSuffix) }
      .compactMap { $0.shape.first }
      .max()
  }
}
