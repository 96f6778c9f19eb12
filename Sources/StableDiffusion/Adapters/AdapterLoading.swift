import NN

extension CheckpointError {
  /// The same for a file beside a checkpoint: a tensor of no use is not part of `whole`, which has its article.
  static func wrapping<Value>(partOf whole: String, _ body: () throws -> Value) throws -> Value {
    try wrapping {
      do {
        return try body()
      } catch let error as WeightError where error.problem == .unexpected {
        throw CheckpointError("\(error.file): tensor \(error.tensor) is not part of \(whole)")
      }
    }
  }
}

extension WeightStore {
  /// - Throws: `WeightError` for the first tensor that no network has asked for.
  func requireAllTaken() throws(WeightError) {
    guard let name = unused.first else { return }
    throw WeightError(file: self.name, tensor: fileName(of: name), problem: .unexpected)
  }
}
