import Safetensors

/// The layout of a LoRA file's weights. Source of the names: LyCORIS.
public enum LoRAType: String, Sendable, Equatable, CaseIterable {
  /// Two factors, of matrices.
  case lora
  /// The same of convolutions too.
  case locon
  /// Products of Hadamard's kind, and of Kronecker's.
  case loha, lokr
  /// A LoRA of any layout that sets the lengths of rows or columns.
  case dora
  /// Whole differences.
  case full
  /// Of norms and biases alone.
  case norm
  /// Several of them.
  case mixed

  /// - Parameter tensors: all of a file's. `nil` when none is a LoRA's.
  init?(_ tensors: some Sequence<TensorInfo>) {
    var types: Set<LoRAType> = []
    var (isDecomposed, isConvolutional, isNorm) = (false, false, false)
    for tensor in tensors {
      for word in tensor.name.split(separator: ".").dropFirst() {
        switch word {
        case "lora_down", "lora_A":
          types.insert(.lora)
          isConvolutional = isConvolutional || tensor.shape.dropFirst(2).contains { $0 > 1 }
        case "lora_mid": isConvolutional = true
        case "dora_scale", "lora_magnitude_vector": isDecomposed = true
        case "diff": types.insert(.full)
        case "diff_b", "w_norm", "b_norm": isNorm = true
        case _ where word.hasPrefix("hada_"): types.insert(.loha)
        case _ where word.hasPrefix("lokr_"): types.insert(.lokr)
        case "lora", "lora_linear_layer": types.insert(.lora)
        case _ where word.hasSuffix("_lora"): types.insert(.lora)
        default: break
        }
      }
    }
    if isDecomposed {
      self = .dora
    } else if types.count > 1 {
      self = .mixed
    } else if let type = types.first {
      self = type == .lora && isConvolutional ? .locon : type
    } else if isNorm {
      self = .norm
    } else {
      return nil
    }
  }
}
