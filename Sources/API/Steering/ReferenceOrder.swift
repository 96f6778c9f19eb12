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
    if start > end {
      mistakes.note("ip_adapter_start should not be greater than ip_adapter_end", at: "ip_adapter_start")
    }
  }

  private static func references(_ values: FieldValues) -> [Reference] {
    let first = values.picture("reference_image").map { [Reference(picture: $0)] } ?? []
    return first
      + values.list("reference_images").compactMap { value in
        switch value {
        case .picture(let picture): return Reference(picture: picture)
        case .object(let object):
          guard let picture = object.picture("image") else { return nil }
          return Reference(
            picture: picture, weight: object.number("weight") ?? 1, mask: object.picture("mask"),
            face: object.numbers("face_embedding"))
        default: return nil
        }
      }
  }
}

extension ReferenceOrder {
  /// With its adapter found and its pictures as the image encoder takes them; waits for the disk.
  /// - Throws: 404 for an adapter that is not there; 422 for a wrong file that the client named; 503 where there is
  ///   none to take.
  func prompt(
    in folders: AdapterFolders, width: Int, height: Int, _ body: JSONObject
  ) throws(APIError) -> ReferencePrompt {
    let file = try adapter(in: folders.folder(.ipAdapter), body)
    let encoder = folders.imageEncoder
    guard encoder.isPresent else {
      throw APIError(
        503, "no_image_encoder",
        "There is no image encoder to read references with: put CLIP ViT-H's config.json and model.safetensors "
          + "into ip-adapter/image_encoder in the models folder")
    }
    let side = encoder.imageSize
    var prompt = ReferencePrompt(
      adapter: file, encoder: AdapterFile(name: "image_encoder", path: encoder.path),
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

  private func adapter(in folder: AdapterFolder, _ body: JSONObject) throws(APIError) -> AdapterFile {
    if let adapter {
      return try AdapterChoice(folder: folder, body: body).find(adapter, at: FieldPath("ip_adapter"))
    }
    let entries = folder.names.compactMap { folder.find($0) }
    if let entry = entries.first(where: { $0.error == nil }) {
      return AdapterFile(name: entry.name, path: entry.path)
    }
    let why = entries.compactMap(\.error).first.map { " (\($0))" } ?? ""
    throw APIError(
      503, "no_ip_adapter",
      "There is no IP-Adapter to read references with\(why): put ip-adapter_sdxl_vit-h.safetensors into "
        + "ip-adapter in the models folder")
  }
}
