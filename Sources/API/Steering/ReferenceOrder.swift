import Generation
import Images
import JSON
import Registry

/// The references that a request asks for.
struct ReferenceOrder: Sendable {
  struct Reference: Sendable {
    var picture: PictureInput
    var weight = 1.0
    var mask: PictureInput?
    var face: [Float]?
    /// Where the body has the face, or would have it.
    let facePath: FieldPath
  }

  /// `reference_image` first.
  private(set) var references: [Reference]
  /// As the client named it.
  let adapter: String?
  let scale: Double
  let start: Double
  let end: Double
  let blocks: ReferencePrompt.Blocks
  let combination: ReferencePrompt.Combination

  /// - Returns: `nil` without references.
  init?(_ values: FieldValues, _ mistakes: inout Mistakes) {
    references = Self.references(values)
    adapter = values.text("ip_adapter")
    scale = values.number("ip_adapter_scale") ?? 0.7
    (start, end) = (values.number("ip_adapter_start") ?? 0, values.number("ip_adapter_end") ?? 1)
    blocks = values.choice("ip_adapter_blocks") ?? .all
    combination = values.choice("reference_combination") ?? .concatenate
    guard !references.isEmpty else {
      if adapter != nil { mistakes.note("ip_adapter needs a reference_image", at: "ip_adapter") }
      return nil
    }
    let field = values.picture("reference_image") == nil ? "reference_images" : "reference_image"
    if references.count > FieldTable.mostReferences {
      let most = FieldTable.mostReferences
      mistakes.note("there should be at most \(most) references, with reference_image", at: field)
    }
    if references.allSatisfy({ $0.weight == 0 }) {
      mistakes.note("one reference at least should have a weight above 0", at: field)
    }
    if combination == .average, references.contains(where: { $0.mask != nil }) {
      mistakes.note(
        "a mask is of one reference: masks do not go with the mean of all", at: "reference_combination")
    }
    if start >= end {
      let field = "ip_adapter_start"
      mistakes.note("\(field) should be less than ip_adapter_end, which is \(end.shortText)", at: field)
    }
  }

  private static func references(_ values: FieldValues) -> [Reference] {
    let first = values.picture("reference_image").map {
      [Reference(picture: $0, facePath: FieldPath("reference_image"))]
    }
    return (first ?? [])
      + values.list("reference_images").enumerated().compactMap { index, value in
        let path = FieldPath("reference_images").element(index)
        switch value {
        case .picture(let picture): return Reference(picture: picture, facePath: path)
        case .object(let object):
          guard let picture = object.picture("image") else { return nil }
          return Reference(
            picture: picture, weight: object.number("weight") ?? 1, mask: object.picture("mask"),
            face: object.numbers("face_embedding"), facePath: path.member("face_embedding"))
        default: return nil
        }
      }
  }
}

extension ReferenceOrder {
  /// Where the body has, or would have, the face of reference `index` of all.
  func facePath(_ index: Int?) -> FieldPath? {
    index.flatMap { references.indices.contains($0) ? references[$0].facePath : nil }
  }

  /// With its adapter found and its pictures as the image encoder takes them; waits for the disk.
  /// - Parameters: entry the model's; body of the request, for the `input` of a 422.
  /// - Throws: 404 for an adapter that is not there; 422 for a wrong file that the client named; 503 where there is
  ///   none to take.
  func prompt(
    in folders: AdapterFolders, width: Int, height: Int, _ entry: ModelEntry, _ body: JSONObject
  ) throws(APIError) -> ReferencePrompt {
    let file = try adapter(in: folders, entry, body)
    let encoder = folders.imageEncoder
    guard encoder.isPresent else {
      throw APIError(
        503, "no_image_encoder",
        "There is no image encoder to read references with: put CLIP ViT-H's model.safetensors "
          + "into ip-adapter/image_encoder in the models folder")
    }
    let side = encoder.imageSize
    var prompt = ReferencePrompt(
      adapter: file, encoder: AdapterFile(encoder),
      references: try references.map { reference throws(APIError) in
        var prompt = ReferencePrompt.Reference(
          try reference.picture.image.clipInput(side: side), weight: reference.weight,
          mask: try reference.mask.map { mask throws(APIError) in
            GrayImage(try mask.image).resized(width: width, height: height, filter: .lanczos)
          })
        prompt.face = reference.face
        return prompt
      })
    (prompt.scale, prompt.start, prompt.end) = (scale, start, end)
    (prompt.blocks, prompt.combination) = (blocks, combination)
    return prompt
  }

  mutating func letPixelsGo() {
    for index in references.indices {
      references[index].picture.letPixelsGo()
      references[index].mask?.letPixelsGo()
    }
  }

  private func adapter(
    in folders: AdapterFolders, _ entry: ModelEntry, _ body: JSONObject
  ) throws(APIError) -> AdapterFile {
    guard let adapter else {
      let hasFaces = references.allSatisfy { $0.face != nil }
      return try AdapterPreference(folders: folders, entry: entry, hasFaces: hasFaces).find()
    }
    let choice = AdapterChoice(folder: folders.folder(.ipAdapter), body: body)
    return try choice.find(adapter, at: FieldPath("ip_adapter"))
  }
}
