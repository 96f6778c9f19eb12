import Safetensors
import TestSupport

/// A file in a folder of its own, removed with the last reference.
struct TemporaryFile {
  let folder: TemporaryFolder
  let path: String

  init(_ content: [UInt8], name: String = "model.safetensors") throws {
    folder = try TemporaryFolder()
    path = try folder.write(content, to: name)
  }
}

/// The bytes of a safetensors file; `length` is what its first 8 bytes say, the header's length if `nil`.
func fileBytes(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  fileBytes(Array(header.utf8), data: data, length: length)
}

func fileBytes(_ header: [UInt8], data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header + data
}

/// What opening a file of these bytes is refused with, `nil` when it opens.
func refusal(of content: [UInt8], name: String = "model.safetensors") throws -> SafetensorsError? {
  let file = try TemporaryFile(content, name: name)
  do throws(SafetensorsError) {
    _ = try SafetensorsFile(path: file.path)
    return nil
  } catch {
    return error
  }
}
