import CheckpointKinds
import Safetensors

extension ModelEntry {
  /// Reads the header of the model's file, which checks it against the file's length, and tells from the names of
  /// the tensors that it is an SDXL checkpoint.
  /// - Returns: the number of tensors.
  /// - Throws: `SafetensorsError` or `ForeignFile`, naming the file and what is wrong with it.
  public func tensorCount() throws -> Int {
    let content = try SafetensorsFile(path: path)
    try content.requireSDXL()
    return content.header.tensors.count
  }
}
