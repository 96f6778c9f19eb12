public import Generation
public import Registry

extension ModelSource {
  /// A registered model as the engine is told of it.
  public init(_ entry: ModelEntry) {
    self.init(
      id: entry.id, path: entry.path, prediction: entry.prediction.flatMap(Prediction.init),
      zeroTerminalSNR: entry.zeroTerminalSNR)
  }
}
