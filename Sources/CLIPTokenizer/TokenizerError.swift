/// Why a vocabulary could not be read, or tokens do not fit.
public enum TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A line of the vocabulary is not a merge of two known tokens into a new one. Lines count from 1.
  case badMerge(file: String, line: Int, reason: String)
  /// The vocabulary has too few or too many merges.
  case wrongMergeCount(file: String, expected: Int, found: Int)
  /// More tokens than one window holds.
  case tooManyTokens(count: Int, limit: Int)

  public var description: String {
    switch self {
    case .badMerge(let file, let line, let reason): "\(file), line \(line): \(reason)"
    case .wrongMergeCount(let file, let expected, let found):
      "\(file) holds \(found) merges instead of \(expected)"
    case .tooManyTokens(let count, let limit): "\(count) tokens do not fit a window of \(limit)"
    }
  }
}
