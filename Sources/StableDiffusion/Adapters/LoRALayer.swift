import NN
import Safetensors
import Torch

/// The tensors of one layer of a LoRA file, found to belong together and to fit the model.
struct LoRALayer {
  /// The layer's diffusers name.
  let name: String
  private let changes: [Change]

  private struct Change {
    let parameter: String
    let delta: LoRADelta<TensorInfo>
    /// Of `alpha / rank`, where they count.
    let alpha: TensorInfo?
    let rank: Int?
    let magnitude: (info: TensorInfo, axis: LoRAChange.Magnitude.Axis)?
  }

  /// What stands in the file under the layer's names.
  struct Parts {
    let file: String
    var tensors: [LoRAPart: TensorInfo] = [:]

    subscript(part: LoRAPart) -> TensorInfo? { tensors[part] }

    /// A tensor that `companion` is of no use without.
    func need(_ part: LoRAPart, _ companion: TensorInfo) throws(LoRAError) -> TensorInfo {
      guard let tensor = tensors[part] else {
        throw LoRAError(file: file, tensor: companion.name, "is there without its \(part.rawValue)")
      }
      return tensor
    }
  }

  /// - Throws: `LoRAError` for a tensor without its counterpart, of another shape, or of two kinds at once.
  init(_ name: String, _ parts: Parts, _ weights: ParameterTable) throws(LoRAError) {
    var changes: [Change] = []
    let deltas = try Self.deltas(parts)
    if let (delta, sample) = deltas.first {
      guard deltas.count == 1 else {
        throw LoRAError(
          file: parts.file, tensor: deltas[1].sample.name, "is of another kind than \(sample.name)")
      }
      let parameter = name + ".weight"
      guard let weight = weights[parameter]?.base.shape else {
        throw LoRAError(file: parts.file, tensor: sample.name, "is for a layer without a weight")
      }
      let rank = try delta.check(weight, file: parts.file)
      changes.append(
        Change(
          parameter: parameter, delta: delta, alpha: parts[.alpha], rank: rank,
          magnitude: try Self.magnitude(parts, weight)))
    } else if let info = parts[.magnitude] ?? parts[.rowMagnitude] {
      throw LoRAError(file: parts.file, tensor: info.name, "has no factors beside it")
    }
    for part in [LoRAPart.biasDifference, .upBias] {
      guard let info = parts[part] else { continue }
      if part == .upBias { _ = try parts.need(.up, info) }
      let parameter = name + ".bias"
      guard let bias = weights[parameter]?.base.shape else {
        throw LoRAError(file: parts.file, tensor: info.name, "is for a layer without a bias")
      }
      let delta = LoRADelta.difference(info)
      _ = try delta.check(bias, file: parts.file)
      let rank = part == .upBias ? changes.first?.rank : nil
      changes.append(
        Change(parameter: parameter, delta: delta, alpha: parts[.alpha], rank: rank, magnitude: nil))
    }
    (self.name, self.changes) = (name, changes)
  }

  /// The weight's change in every way that the file has it, each with a tensor to name.
  private static func deltas(
    _ parts: Parts
  ) throws(LoRAError) -> [(delta: LoRADelta<TensorInfo>, sample: TensorInfo)] {
    var deltas: [(delta: LoRADelta<TensorInfo>, sample: TensorInfo)] = []
    if let sample = parts[.down] ?? parts[.up] ?? parts[.mid] {
      let (down, up) = (try parts.need(.down, sample), try parts.need(.up, sample))
      deltas.append((.lora(down: down, up: up, mid: parts[.mid]), sample))
    }
    if let sample = parts[.hadaW1A] ?? parts[.hadaW1B] ?? parts[.hadaW2A] ?? parts[.hadaW2B]
      ?? parts[.hadaT1] ?? parts[.hadaT2]
    {
      let first = LoRADelta.Hadamard(
        a: try parts.need(.hadaW1A, sample), b: try parts.need(.hadaW1B, sample), core: parts[.hadaT1])
      let second = LoRADelta.Hadamard(
        a: try parts.need(.hadaW2A, sample), b: try parts.need(.hadaW2B, sample), core: parts[.hadaT2])
      deltas.append((.loha(first, second), sample))
    }
    let first = [LoRAPart.lokrW1, .lokrW1A, .lokrW1B],
      second = [LoRAPart.lokrW2, .lokrW2A, .lokrW2B, .lokrT2]
    if let sample = (first + second).compactMap({ parts[$0] }).first {
      deltas.append(
        (
          .lokr(
            try kronecker(parts, .lokrW1, .lokrW1A, .lokrW1B, core: nil, sample),
            try kronecker(parts, .lokrW2, .lokrW2A, .lokrW2B, core: .lokrT2, sample)), sample
        ))
    }
    if let whole = parts[.difference] { deltas.append((.difference(whole), whole)) }
    return deltas
  }

  private static func kronecker(
    _ parts: Parts, _ whole: LoRAPart, _ a: LoRAPart, _ b: LoRAPart, core: LoRAPart?, _ sample: TensorInfo
  ) throws(LoRAError) -> LoRADelta<TensorInfo>.Kronecker {
    let core = core.flatMap { parts[$0] }
    guard let factor = parts[a] ?? parts[b] ?? core else { return .whole(try parts.need(whole, sample)) }
    if let whole = parts[whole] {
      throw LoRAError(
        file: parts.file, tensor: factor.name, "is a factor of \(whole.name), which is there too")
    }
    let (a, b) = (try parts.need(a, factor), try parts.need(b, factor))
    return core.map { .tucker(core: $0, a: a, b: b) } ?? .product(a: a, b: b)
  }

  /// - Parameter weight: its shape.
  private static func magnitude(
    _ parts: Parts, _ weight: [Int]
  ) throws(LoRAError) -> (info: TensorInfo, axis: LoRAChange.Magnitude.Axis)? {
    guard let info = parts[.magnitude] ?? parts[.rowMagnitude] else { return nil }
    if parts[.magnitude] != nil, let other = parts[.rowMagnitude] {
      throw LoRAError(file: parts.file, tensor: other.name, "says the same as \(info.name)")
    }
    if parts[.difference] != nil {
      throw LoRAError(file: parts.file, tensor: info.name, "stands beside a whole difference")
    }
    let count = info.shape.reduce(1, *)
    // Which axis it is for says its place, since both may be as long.
    let place = info.shape.firstIndex { $0 == count } ?? 0
    if count == weight[0], place == 0 || parts[.magnitude] == nil { return (info, .rows) }
    if count == weight[1], place == 1 { return (info, .columns) }
    throw LoRAError(
      file: parts.file, tensor: info.name,
      "has shape \(info.shape), expected one number for each of \(weight[0]) rows or \(weight[1]) columns")
  }
}

extension LoRALayer {
  /// The tensors to be read onto the device; alphas are not among them.
  var tensors: [TensorInfo] {
    var tensors: [TensorInfo] = []
    for change in changes {
      _ = change.delta.map { tensors.append($0) }
      if let magnitude = change.magnitude { tensors.append(magnitude.info) }
    }
    return tensors
  }

  /// What the layer does, once its tensors are there.
  /// - Parameters: tensor gives one of `tensors`; factor `alpha / rank` of an alpha (where the file has it) and a rank.
  func changes(
    tensor: (TensorInfo) throws -> Tensor, factor: (TensorInfo?, Int) throws -> Double
  ) throws -> [LoRAChange] {
    try changes.map { change in
      LoRAChange(
        parameter: change.parameter, delta: try change.delta.map(tensor),
        factor: try change.rank.map { try factor(change.alpha, $0) } ?? 1,
        magnitude: try change.magnitude.map { .init(values: try tensor($0.info), axis: $0.axis) })
    }
  }
}
