public import Images

/// A picture that a ControlNet holds the result to.
public struct ControlPrompt: Codable, Sendable, Equatable {
  public var network: AdapterFile
  /// As large as the result: edges, a depth map, … ready for the network; or what `depthModel` is to look at.
  public var picture: RGBImage
  /// The folder of a model that sees the picture's depth, `config.json` and `model.safetensors`: the network gets the
  /// depth in the picture's place. `nil` for a picture that is ready.
  public var depthModel: AdapterFile?
  /// 0 to 2.
  public var scale = 1.0
  /// The part of the run in which it counts, as shares of the steps, 0 to 1.
  public var start = 0.0
  public var end = 1.0

  public init(_ network: AdapterFile, picture: RGBImage) { (self.network, self.picture) = (network, picture) }
}
