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
      rank = Self.rank(of: content.header.tensors.values) ?? Self.statedRank(notes)
      triggerWords = LoRATriggers.words(in: notes)
      type = LoRAType(content.header.tensors.values)
      hash = Self.statedHash(notes)
      do {
        try content.requireLoRA()
        error = nil
      } catch {
        self.error = error.description
      }
    } catch {
      sizeBytes = WeightFolder.size(of: path)
      (baseModel, rank, triggerWords, type, hash) = (nil, nil, [], nil, nil)
      self.error = error.description
    }
  }

  /// The rank is the first dimension of what leads down to it: kohya's `lora_down`, PEFT's `lora_A`.
  private static func rank(of tensors: some Sequence<TensorInfo>) -> Int? {
    tensors
      .filter { $0.name.hasSuffix(".lora_down.weight") || $0.name.hasSuffix(".lora_A.weight") }
      .compactMap { $0.shape.first }
      .max()
  }

  private static func statedHash(_ notes: [String: String]) -> String? {
    let stated = [notes["sshs_model_hash"], notes["modelspec.hash_sha256"]].lazy.compactMap { $0 }
    return stated.map { $0.lowercased() }.map { $0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0 }.first {
      $0.utf8.count == 64 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
  }

  /// For kinds without such tensors (LoHa, LoKr): what the trainer noted, which may be a word as well.
  private static func statedRank(_ notes: [String: String]) -> Int? {
    guard let text = notes["ss_network_dim"], text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let rank = Int(text), rank > 0
    else { return nil }
    return rank
  }
}
