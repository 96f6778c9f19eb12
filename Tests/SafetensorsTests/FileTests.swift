import Foundation
import Safetensors
import TestSupport
import Testing

/// What the file system can do to a file, and reading.
@Suite struct FileTests {
  /// `a` is two rows of three float16, `b` one byte at an odd place, `c` empty.
  static let header = """
    {"b":{"dtype":"U8","shape":[],"data_offsets":[12,13]},"__metadata__":{"format":"pt"},\
    "c":{"dtype":"F64","shape":[0,7],"data_offsets":[13,13]},\
    "a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}}
    """
  static let content = fileBytes(header, data: Array(1...13))

  private func error(_ path: String) -> SafetensorsError? {
    do throws(SafetensorsError) {
      _ = try SafetensorsFile(path: path)
      return nil
    } catch {
      return error
    }
  }

  private func read(_ tensor: TensorInfo, of file: SafetensorsFile, count: Int, at offset: Int = 0) throws
    -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0xEE, count: count)
    try bytes.withUnsafeMutableBytes { try file.read(tensor, into: $0, at: offset) }
    return bytes
  }

  private func readError(
    _ tensor: TensorInfo, of file: SafetensorsFile, count: Int, at offset: Int = 0
  ) -> SafetensorsError? {
    do {
      _ = try read(tensor, of: file, count: count, at: offset)
      return nil
    } catch {
      return error as? SafetensorsError
    }
  }

  @Test func headerAndData() throws {
    let temporary = try TemporaryFile(Self.content, name: "my model.safetensors")
    let file = try SafetensorsFile(path: temporary.path)
    let start = 8 + Self.header.utf8.count
    #expect(file.name == "my model.safetensors")
    #expect(file.byteCount == Self.content.count)
    #expect(file.header.names == ["a", "b", "c"])
    #expect(file.header.metadata == ["format": "pt"])
    let a = TensorInfo(name: "a", dtype: .float16, shape: [2, 3], offset: start, byteCount: 12)
    let b = TensorInfo(name: "b", dtype: .uint8, shape: [], offset: start + 12, byteCount: 1)
    let c = TensorInfo(name: "c", dtype: .float64, shape: [0, 7], offset: start + 13, byteCount: 0)
    #expect(file.header.tensors == ["a": a, "b": b, "c": c])
    #expect(try read(a, of: file, count: 12) == Array(1...12))
    #expect(try read(a, of: file, count: 5, at: 7) == Array(8...12))
    #expect(try read(a, of: file, count: 0, at: 12) == [])
    #expect(try read(b, of: file, count: 1) == [13])
    #expect(try read(c, of: file, count: 0) == [])
  }

  @Test func readsOutsideATensorAreRefused() throws {
    let temporary = try TemporaryFile(Self.content)
    let file = try SafetensorsFile(path: temporary.path)
    let a = try #require(file.header.tensors["a"])
    for (count, offset) in [(13, 0), (1, 12), (12, 1), (0, 13), (0, -1), (1, .max), (1, .min)] {
      let error = readError(a, of: file, count: count, at: offset)
      #expect(error?.kind == .readOutOfRange(offset: offset, bytes: count))
      #expect(error?.tensor == "a")
      #expect(error?.file == "model.safetensors")
    }
  }

  @Test func tensorsOfOtherFilesAreRefused() throws {
    let temporary = try TemporaryFile(Self.content)
    let file = try SafetensorsFile(path: temporary.path)
    let whole = TensorInfo(name: "a", dtype: .uint8, shape: [8], offset: 0, byteCount: 8)
    #expect(readError(whole, of: file, count: 8)?.kind == .unknownTensor)
    let missing = TensorInfo(name: "z", dtype: .uint8, shape: [1], offset: 8, byteCount: 1)
    #expect(readError(missing, of: file, count: 1)?.kind == .unknownTensor)
    #expect(readError(missing, of: file, count: 1)?.tensor == "z")
  }

  @Test func filesThatCannotBeOpened() throws {
    let temporary = try TemporaryFile(Self.content)
    let folder = temporary.folder.path
    let missing = error(folder + "/gone.safetensors")
    #expect(missing?.kind == .cannotOpen(errno: ENOENT))
    #expect(missing?.description == "gone.safetensors: cannot be opened (No such file or directory).")
    #expect(error(folder)?.kind == .notRegularFile)
    #expect(error("/dev/zero")?.kind == .notRegularFile)
    #expect(error("")?.kind == .cannotOpen(errno: ENOENT))
    #expect(error(temporary.path + "\0.png")?.kind == .cannotOpen(errno: EINVAL))
    #expect(mkfifo(folder + "/pipe.safetensors", 0o600) == 0)
    #expect(error(folder + "/pipe.safetensors")?.kind == .notRegularFile)
  }

  /// What is done to a file while it is open, and must make the next read fail.
  enum Change: CaseIterable {
    case cutShort, emptied, grown, overwritten, touched
  }

  @Test(arguments: Change.allCases)
  func changesAreNoticed(change: Change) throws {
    let temporary = try TemporaryFile(Self.content)
    // A time far from now: a change within one tick of the clock would look like none.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: temporary.path)
    let file = try SafetensorsFile(path: temporary.path)
    let a = try #require(file.header.tensors["a"])
    #expect(try read(a, of: file, count: 12) == Array(1...12))
    let handle = try #require(FileHandle(forUpdatingAtPath: temporary.path))
    switch change {
    case .cutShort: try handle.truncate(atOffset: UInt64(a.offset + 3))
    case .emptied: try handle.truncate(atOffset: 0)
    case .grown: try handle.truncate(atOffset: UInt64(Self.content.count + 1))
    case .overwritten:
      try handle.seek(toOffset: UInt64(a.offset))
      try handle.write(contentsOf: Data([9]))
    case .touched:
      try FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: temporary.path)
    }
    try handle.close()
    let error = readError(a, of: file, count: 12)
    #expect(error?.kind == .changedSinceOpening)
    #expect(error?.tensor == "a")
  }

  @Test func aFileReplacedByRenamingKeepsItsContent() throws {
    let temporary = try TemporaryFile(Self.content)
    let file = try SafetensorsFile(path: temporary.path)
    let other = try TemporaryFile(fileBytes("{}"), name: "other.safetensors")
    #expect(rename(other.path, temporary.path) == 0)
    #expect(try read(try #require(file.header.tensors["a"]), of: file, count: 12) == Array(1...12))
    #expect(try SafetensorsFile(path: temporary.path).header.names == [])
  }

  @Test func descriptorsAreClosed() throws {
    let good = try TemporaryFile(Self.content)
    let bad = try TemporaryFile(fileBytes("{"))
    let first = open("/dev/null", O_RDONLY)
    #expect(first >= 0)
    close(first)
    for _ in 0..<2000 {
      _ = try SafetensorsFile(path: good.path)
      #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: bad.path) }
    }
    // Other tests open files meanwhile, but not thousands.
    let last = open("/dev/null", O_RDONLY)
    close(last)
    #expect(last >= 0 && last < first + 1000)
  }

  @Test func manyThreadsReadOneFile() async throws {
    let data = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let header = #"{"a":{"dtype":"U8","shape":[100000],"data_offsets":[0,100000]}}"#
    let temporary = try TemporaryFile(fileBytes(header, data: data))
    let file = try SafetensorsFile(path: temporary.path)
    let a = try #require(file.header.tensors["a"])
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for part in 0..<50 {
        group.addTask {
          try self.read(a, of: file, count: 2000, at: part * 2000)
            == Array(data[part * 2000..<(part + 1) * 2000])
        }
      }
      for try await same in group { #expect(same) }
    }
  }
}
