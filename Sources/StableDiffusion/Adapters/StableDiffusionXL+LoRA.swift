import NN
import Torch

extension StableDiffusionXL {
  /// Changes the weights: each as the file has it, then by every LoRA in order; all others are as the file has them.
  ///
  /// After an error no weight is changed.
  /// - Parameters:
  ///   - loras: read for this model, each with its strength; with 0 it changes nothing.
  ///   - pause: called before every weight: what it throws ends it.
  /// - Throws: `LoRAError` for a LoRA of another model; `TorchError`.
  public func apply(_ loras: [(lora: LoRA, strength: Double)], pause: () throws -> Void = {}) throws {
    let parameters = networks.parameters
    var changes: [String: [(change: LoRAChange, strength: Double)]] = [:]
    for (lora, strength) in loras where strength != 0 {
      for change in lora.layers.flatMap(\.changes) {
        guard parameters[change.parameter] != nil else {
          throw LoRAError("\(lora.file) was read for another model")
        }
        changes[change.parameter, default: []].append((change, strength))
      }
    }
    do {
      // Before anything new: two sets at once may not fit.
      parameters.dropPatches { changes[$0] == nil }
      for name in changes.keys.sorted() {
        guard let parameter = parameters[name], let list = changes[name] else { continue }
        try pause()
        var value = try parameter.base.to(.float32)
        for (change, strength) in list { value = try change.applied(to: value, strength: strength) }
        parameter.patch = try value.to(formatOf: parameter.base)
      }
    } catch {
      parameters.dropPatches()
      throw error
    }
  }
}
