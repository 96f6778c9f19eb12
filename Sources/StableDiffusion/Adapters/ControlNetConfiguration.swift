import Foundation

/// What the shapes of a ControlNet's weights do not tell.
///
/// Of all that diffusers can configure SDXL's ControlNets use one value each; another is refused.
/// Source: diffusers `models/controlnets/controlnet.py`, ControlNetModel; the names of its arguments.
struct ControlNetConfiguration: Decodable, Equatable {
  enum ChannelOrder: String, Decodable { case rgb, bgr }

  /// The order of the picture's channels.
  var order = ChannelOrder.rgb
  /// Attention heads of each level, or one number for all; `nil`: of 64 channels each.
  private var heads: Heads?

  init() {}

  /// - Throws: `CheckpointError` for a file that cannot be read, or says what no ControlNet here can be.
  init(path: String) throws(CheckpointError) {
    let name = URL(filePath: path).lastPathComponent
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(filePath: path)))
    } catch let error as Unsupported {
      throw CheckpointError(
        "\(name): \(error.key) is \(error.found), SDXL's ControlNets have \(error.wanted)")
    } catch is DecodingError {
      throw CheckpointError("\(name): it is not the configuration of a ControlNet")
    } catch {
      throw CheckpointError("\(name): it cannot be read")
    }
  }

  init(from decoder: any Swift.Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func require<Value: Decodable & Equatable>(_ key: Key, _ wanted: Value) throws {
      guard let found = try values.decodeIfPresent(Value.self, forKey: key), found != wanted else { return }
      throw Unsupported(key: key.rawValue, found: "\(found)", wanted: "\(wanted)")
    }
    try require(.className, "ControlNetModel")
    try require(.inChannels, 4)
    try require(.conditioningChannels, 3)
    try require(.flipSinToCos, true)
    try require(.freqShift, 0)
    try require(.actFn, "silu")
    try require(.normNumGroups, Channels.normGroups)
    try require(.normEps, 1e-5)
    try require(.additionEmbedType, "text_time")
    try require(.additionTimeEmbedDim, UNetEncoder.timeIDDim)
    try require(.resnetTimeScaleShift, "default")
    try require(.downsamplePadding, 1)
    try require(.midBlockScaleFactor, 1)
    try require(.globalPoolConditions, false)
    order = try values.decodeIfPresent(ChannelOrder.self, forKey: .order) ?? .rgb
    // diffusers, too, takes the second for the first.
    heads =
      try values.decodeIfPresent(Heads.self, forKey: .numAttentionHeads)
      ?? values.decodeIfPresent(Heads.self, forKey: .attentionHeadDim)
  }

  /// - Throws: `CheckpointError` when it says of other heads than those the network has.
  func check(_ encoder: UNetEncoder) throws(CheckpointError) {
    guard let heads else { return }
    for (level, block) in encoder.downBlocks.enumerated() where !block.attentions.isEmpty {
      let wanted = block.outC / Channels.head
      guard heads.count(level) == wanted else {
        throw CheckpointError(
          "config.json: attention_head_dim is \(heads), SDXL's ControlNets have \(wanted) "
            + "for the \(block.outC) channels of level \(level)")
      }
    }
  }

  private enum Heads: Decodable, Equatable, CustomStringConvertible {
    case alike(Int)
    case perLevel([Int])

    init(from decoder: any Swift.Decoder) throws {
      let value = try decoder.singleValueContainer()
      self = try (try? value.decode(Int.self)).map { .alike($0) } ?? .perLevel(value.decode([Int].self))
    }

    func count(_ level: Int) -> Int? {
      switch self {
      case .alike(let count): count
      case .perLevel(let counts): counts.indices.contains(level) ? counts[level] : nil
      }
    }

    var description: String {
      switch self {
      case .alike(let count): "\(count)"
      case .perLevel(let counts): "\(counts)"
      }
    }
  }

  private struct Unsupported: Error {
    let key: String, found: String, wanted: String
  }

  private enum Key: String, CodingKey {
    case className = "_class_name"
    case inChannels = "in_channels"
    case conditioningChannels = "conditioning_channels"
    case flipSinToCos = "flip_sin_to_cos"
    case freqShift = "freq_shift"
    case actFn = "act_fn"
    case normNumGroups = "norm_num_groups"
    case normEps = "norm_eps"
    case additionEmbedType = "addition_embed_type"
    case additionTimeEmbedDim = "addition_time_embed_dim"
    case resnetTimeScaleShift = "resnet_time_scale_shift"
    case downsamplePadding = "downsample_padding"
    case midBlockScaleFactor = "mid_block_scale_factor"
    case attentionHeadDim = "attention_head_dim"
    case numAttentionHeads = "num_attention_heads"
    case globalPoolConditions = "global_pool_conditions"
    case order = "controlnet_conditioning_channel_order"
  }
}
