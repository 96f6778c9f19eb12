/// Why a file was refused or could not be read, in words that name file and tensor but never a folder.
public struct SafetensorsError: Error, Equatable {
  public let kind: Kind

  /// The base name of the file.
  public let file: String

  /// The tensor at fault, where one is.
  public let tensor: String?

  init(_ kind: Kind, file: String, tensor: String? = nil) {
    (self.kind, self.file, self.tensor) = (kind, file, tensor)
  }

  /// One case per way to be wrong.
  public enum Kind: Sendable, Equatable {
    // The file
    case cannotOpen(errno: Int32)
    case notRegularFile
    case readFailed(errno: Int32)
    case changedSinceOpening
    case otherFormat(OtherFormat)
    /// Shorter than the 8 bytes that give the header's length.
    case tooShort(bytes: UInt64)
    case headerTooLarge(bytes: UInt64)
    case headerBeyondFile(bytes: UInt64)

    // The header as a document
    case headerNotObject
    case headerNotUTF8(byteOffset: Int)
    case headerNotJSON(reason: String, position: Int)
    case headerTooComplex(reason: String)
    case duplicateKey(String)
    case invalidMetadata

    // One entry
    case nameTooLong(bytes: Int)
    case controlCharacterInName
    case entryNotObject
    case missingField(String)
    case unknownField(String)
    case unknownDType(String?)
    case invalidShape
    case rankTooHigh(Int)
    case invalidOffsets
    case reversedOffsets(begin: Int, end: Int)
    case sizeOverflow
    case sizeMismatch(stored: Int, needed: Int)

    // All entries together; places count from the end of the header
    case gap(expected: Int, found: Int)
    case overlap(expected: Int, found: Int)
    case truncated(expected: UInt64, found: UInt64)
    case trailingBytes(expected: UInt64, found: UInt64)

    // A reader's mistakes
    case unknownTensor
    case readOutOfRange(offset: Int, bytes: Int)
  }

  /// What a file that is no safetensors file looks like, judged by its first bytes.
  public enum OtherFormat: String, Sendable, CaseIterable {
    case pickle = "a Python pickle (.ckpt, .pt, .bin)"
    case zip = "a zip archive (a PyTorch .ckpt or .pt)"
    case gguf = "a GGUF file"
    case webPage = "a web page, so its download failed"
    case json = "a JSON document, so its download failed"
    case text = "a text, so its download may have failed"
    case blank = "a file that begins with zeros, so its download was not finished"
    case largeFilePointer = "a Git LFS pointer, so its content was never fetched"
  }
}
