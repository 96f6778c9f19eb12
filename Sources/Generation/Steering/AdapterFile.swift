/// A file of weights that changes what a checkpoint draws: a LoRA, a textual inversion, an IP-Adapter, a ControlNet.
public struct AdapterFile: Codable, Sendable, Hashable {
  /// The file's name without the ending, or its folder's.
  public var name: String
  /// Where the weights lie. Never shown to clients.
  public var path: String

  public init(name: String, path: String) { (self.name, self.path) = (name, path) }
}

/// A LoRA, or one of its kin, and how much of it.
public struct LoRASelection: Codable, Sendable, Hashable {
  public var file: AdapterFile
  /// −4 to 4; 0 leaves the weights alone.
  public var scale: Double

  public init(_ file: AdapterFile, scale: Double = 1) { (self.file, self.scale) = (file, scale) }
}
