import Generation
import Images
import JSON
import Registry

/// What steers the picture, as the fields say it: names are not looked up yet, pictures are as they came.
struct SteeringOrder: Sendable {
  let loras: [LoRAOrder]
  let reference: ReferenceOrder?
  let start: StartOrder?
  let controls: [ControlOrder]
  /// How pictures are brought to the size.
  let mode: ResizeMode

  init(_ values: FieldValues, prompt: [PromptNetworks.LoRA], _ mistakes: inout Mistakes) {
    loras = LoRAOrder.all(values, prompt: prompt, &mistakes)
    reference = ReferenceOrder(values, &mistakes)
    start = StartOrder(values, &mistakes)
    controls = ControlOrder.all(values, &mistakes)
    mode = values.resizeMode
    if start?.isMaskedOnly == true, reference?.references.contains(where: { $0.mask != nil }) == true {
      let field = "inpaint_masked_only"
      mistakes.note("\(field) does not go together with masks of references", at: field)
    }
  }

  /// Pixels of the picture: what the client says, else those of the picture it starts from, else the model's.
  func size(
    _ values: FieldValues, _ defaults: (width: Int, height: Int), _ mistakes: inout Mistakes
  ) -> (width: Int, height: Int) {
    guard let start, !start.isMaskedOnly else {
      return (values.integer("width") ?? defaults.width, values.integer("height") ?? defaults.height)
    }
    let image = start.picture.image
    func side(_ name: String, _ own: Int) -> Int {
      if let side = values.integer(name) { return side }
      let side = own / 8 * 8
      if !FieldTable.sides.contains(side) {
        let limits = "\(FieldTable.sides.lowerBound) to \(FieldTable.sides.upperBound)"
        mistakes.note(
          "the image is \(image.width) x \(image.height); a \(name) of \(limits) should be given", at: name)
      }
      return side
    }
    return (side("width", image.width), side("height", image.height))
  }

  /// Finds the files and prepares the pictures of `request`; waits for the disk and computes long.
  /// - Parameter body: of the request, for the `input` of a 422.
  /// - Returns: what is left to do to each picture.
  func resolve(
    _ request: inout GenerationRequest, in folders: AdapterFolders, _ body: JSONObject
  ) throws(APIError) -> PictureFinish? {
    let choice = AdapterChoice(folder: folders.folder(.lora), body: body)
    for lora in loras {
      let file = try choice.find(lora.name, at: lora.path)
      // A file has several names.
      guard !request.loras.contains(where: { $0.file == file }) else {
        let twice = FieldProblem.value("the LoRA \(file.name) is asked for more than once")
        throw APIError([ValidationIssue(lora.path.steps, twice, input: body.value(at: lora.path))])
      }
      request.loras.append(LoRASelection(file, scale: lora.scale))
    }
    request.embeddings = try EmbeddingNames.files(of: request, in: folders.folder(.textualInversion), body)
    let (width, height) = (request.width, request.height)
    request.reference = try reference?.prompt(in: folders, width: width, height: height, body)
    for control in controls {
      request.controls.append(try control.prompt(in: folders, width: width, height: height, mode, body))
    }
    guard let start else { return nil }
    let result = request.secondPass.map { ($0.width, $0.height) } ?? (width, height)
    do {
      let (picture, finish) = try start.prepared(work: (width, height), result: result)
      request.start = picture
      return finish
    } catch {
      throw APIError([ValidationIssue(["mask"], error, input: body["mask"] ?? .null)])
    }
  }
}
