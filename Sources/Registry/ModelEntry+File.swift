import Safetensors

extension ModelEntry {
  /// Reads the header of the model's file, which checks it against the file's length.
  /// - Returns: the number of tensors.
  /// - Throws: `SafetensorsError`, naming the file and what is wrong with it.
  public func tensorCount() throws -> Int {
    try SafetensorsFile(path: path).header.tensors.count
  }
}
