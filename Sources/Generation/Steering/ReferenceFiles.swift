/// What references are read with.
public struct ReferenceFiles: Codable, Sendable, Hashable {
  /// An IP-Adapter.
  public var adapter: AdapterFile
  /// The folder of the image encoder: `config.json` and `model.safetensors`.
  public var encoder: AdapterFile

  public init(adapter: AdapterFile, encoder: AdapterFile) {
    (self.adapter, self.encoder) = (adapter, encoder)
  }
}
