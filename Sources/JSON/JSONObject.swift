/// The members of a JSON object, in the order of the document.
///
/// Keys are compared as Swift compares strings: two that differ only in Unicode normalisation are one.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// One key and its value.
  public struct Member: Sendable, Equatable {
    public var key: String
    public var value: JSONValue

    public init(key: String, value: JSONValue) { (self.key, self.value) = (key, value) }
  }

  /// Written as they stand: whoever appends here keeps keys unique.
  public var members: [Member] = []

  public init() {}

  /// Of members with the same key, the last one stays.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }

  init(_ elements: [(String, JSONValue)]) {
    for (key, value) in elements { self[key] = value }
  }

  /// The value of a key, `nil` when there is none; takes time linear in the number of members.
  ///
  /// Setting a value replaces it where it stands or appends it; setting `nil` removes the member.
  public subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let place = members.firstIndex { $0.key == key }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }
}
