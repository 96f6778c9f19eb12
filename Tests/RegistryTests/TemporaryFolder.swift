import Foundation

/// A folder of its own for one test, gone with the value.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/registry-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ text: String, to file: String) throws {
    try write(Array(text.utf8), to: file)
  }

  func write(_ bytes: [UInt8], to file: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + file))
  }
}

/// A description that is right: eleven lines, the least a file may say.
let leastModel = """
  id = "least"
  display_name = "Least"
  file = "least.safetensors"
  source = "local"
  architecture = "sdxl"

  [defaults]
  cfg = 5.0
  steps = 28
  width = 832
  height = 1216
  """
