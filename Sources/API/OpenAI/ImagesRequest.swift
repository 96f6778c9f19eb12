import JSON

/// A valid body of OpenAI's Images API in the words of `POST /generate`.
struct ImagesRequest {
  /// As `POST /generate` takes it.
  let body: JSONObject

  /// - Parameters:
  ///   - table: one that has `prompt`, `size` and `response_format`.
  ///   - sent: the body.
  init(_ sent: JSONObject, _ table: FieldTable) throws(APIError) {
    let values = try table.validate(sent)
    guard values.text("response_format") != nil else {
      throw Self.problem("response_format", "url is not supported yet; ask for b64_json", .null)
    }
    var body = JSONObject()
    for member in sent.members where Self.shared.contains(member.key) { body[member.key] = member.value }
    if let size = values.text("size"), size != "auto" {
      guard let (width, height) = Self.sides(size) else {
        throw Self.problem("size", "size should be WIDTHxHEIGHT in pixels, or auto", .string(size))
      }
      (body["width"], body["height"]) = (.number(JSONNumber(width)), .number(JSONNumber(height)))
    }
    self.body = body
  }

  /// Fields of the same name and meaning in both.
  private static let shared: Set<String> = [
    "prompt", "model", "negative_prompt", "seed", "steps", "cfg_scale", "scheduler", "loras",
  ]

  /// Fields of `POST /generate` by what they are called here.
  static let names = ["width": "size", "height": "size"]

  private static func problem(_ field: String, _ message: String, _ input: JSONValue) -> APIError {
    APIError([ValidationIssue([.string(field)], .value(message), input: input)])
  }

  /// `832x1216`: one to five digits each, the first not 0.
  private static func sides(_ size: String) -> (width: Int, height: Int)? {
    let sides = size.utf8.split(separator: UInt8(ascii: "x"), omittingEmptySubsequences: false)
    guard sides.count == 2 else { return nil }
    let numbers = sides.compactMap { digits -> Int? in
      guard (1...5).contains(digits.count), digits.first != UInt8(ascii: "0"),
        digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
      else { return nil }
      return Int(Substring(digits))
    }
    return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
  }
}

extension APIError {
  /// The same mistakes under the names that fields have in another body.
  func renamed(_ names: [String: String]) -> APIError {
    guard case .list(let issues) = detail else { return self }
    return APIError(
      issues.map { issue in
        guard case .string(let field)? = issue.location.dropFirst().first, let name = names[field] else {
          return issue
        }
        return ValidationIssue([.string(name)], issue.problem, input: issue.input)
      })
  }
}
