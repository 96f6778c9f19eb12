/// What a JSON value looks like: the description of replies, which clients are given and tests hold them to.
indirect enum Shape: Sendable {
  struct Member: Sendable {
    let name: String
    let shape: Shape
    var isRequired = true
  }

  /// These members and no others.
  case object([Member])
  /// Any names, one shape of value.
  case map(Shape)
  case array(Shape)
  case text
  case integer
  case number
  case boolean
  case choice([String])
  /// Or null.
  case nullable(Shape)
  /// Any value.
  case any
  case either(Shape, Shape)
  /// A shape with a name of its own in the description.
  case named(String, Shape)

  /// An object whose members are always there, but for the optional ones.
  static func record(
    _ members: KeyValuePairs<String, Shape>, optional: KeyValuePairs<String, Shape> = [:]
  ) -> Shape {
    .object(
      members.map { Member(name: $0.key, shape: $0.value) }
        + optional.map { Member(name: $0.key, shape: $0.value, isRequired: false) })
  }
}

/// One way in which a route answers.
struct Reply: Sendable {
  let status: Int
  /// One sentence.
  let summary: String
  /// The media type, without parameters; `nil` for a reply without a body.
  var media: String?
  /// Of a JSON body.
  var shape: Shape?

  static func json(_ status: Int, _ summary: String, _ shape: Shape) -> Reply {
    Reply(status: status, summary: summary, media: "application/json", shape: shape)
  }

  static func text(_ status: Int, _ summary: String) -> Reply {
    Reply(status: status, summary: summary, media: "text/plain")
  }
}
