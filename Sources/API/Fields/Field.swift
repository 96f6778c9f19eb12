import JSON

/// One member of a JSON body: validated by this description, and described by it to clients.
struct Field: Sendable {
  enum Kind: Sendable, Equatable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// So many Unicode scalars; `nil` means any number that the body's limit allows.
    case text(ClosedRange<Int>?)
    case boolean
    case choice([String])
    /// Up to so many elements of any kind.
    case list(Int)
    /// An object, or an array.
    case structure
    /// A PNG, JPEG or WebP picture in base64, or a data URI of one; see `PictureInput`.
    case picture
    /// Up to so many of them, each alone or as `image` of an object.
    case pictures(Int)
  }

  /// What is done with a valid value.
  enum Support: Sendable, Equatable {
    case used
    /// Means something only beside another field; harmless without it.
    case modifier
    /// Refused, unless it is one of these values, which ask for what is done anyway, or empty.
    case unsupported(except: [FieldValue])
  }

  /// A check beyond kind and bounds.
  enum Rule: Sendable, Equatable {
    case multiple(of: Int)
    case promptSyntax
    case scheduler
    /// The media type of the picture in that field, when there is one. Must come after it in the table.
    case mediaType(of: String)
  }

  let name: String
  let kind: Kind
  /// A required field may not be null; every other one may.
  var isRequired = false
  /// What an absent value means, in words.
  let fallback: String
  let summary: String
  var support = Support.used
  var rule: Rule?
}

/// A value of the right kind within its bounds.
enum FieldValue: Sendable, Equatable {
  case integer(Int)
  case number(Double)
  case text(String)
  case boolean(Bool)
  case list([JSONValue])
  case structure(JSONValue)
  case picture(PictureInput)
}
