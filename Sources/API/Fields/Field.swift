import JSON

/// One member of a JSON object: validated by this description, and described by it to clients.
struct Field: Sendable, Equatable {
  indirect enum Kind: Sendable, Equatable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// So many Unicode scalars; `nil` means any number that the body's limit allows.
    case text(ClosedRange<Int>?)
    case boolean
    case choice([String])
    /// A PNG, JPEG or WebP picture in base64, or a data URI of one; see `PictureInput`.
    case picture
    /// Up to so many elements.
    case list(of: Kind, upTo: Int)
    /// An object with these members.
    case object(FieldTable)
    /// An object with these members, or a value of the other kind.
    case objectOr(FieldTable, Kind)
  }

  /// What is done with a valid value.
  enum Support: Sendable, Equatable {
    case used
    /// Means something only beside another field; harmless without it.
    case modifier
    /// Refused, unless it is one of these values, which ask for what is done anyway.
    case unsupported(except: [FieldValue])
  }

  /// A check beyond kind and bounds.
  enum Rule: Sendable, Equatable {
    case multiple(of: Int)
    case promptSyntax(PromptSyntax.Side)
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
indirect enum FieldValue: Sendable, Equatable {
  case integer(Int)
  case number(Double)
  case text(String)
  case boolean(Bool)
  case picture(PictureInput)
  case list([FieldValue])
  case object(FieldValues)
}
