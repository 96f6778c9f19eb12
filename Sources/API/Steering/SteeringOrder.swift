import Generation
import Images
import JSON
import Registry

/// What steers the picture, as the fields say it: names are not looked up yet, pictures are as they came.
struct SteeringOrder: Sendable {
  let loras: [LoRAOrder]
  private(set) var reference: ReferenceOrder?
  private(set) var start: StartOrder?
  private(set) var controls: [ControlOrder]
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
  /// - Parameter maxPixels: the most that width × height may be; checked here where `image` alone says the size.
  func size(
    _ values: FieldValues, _ defaults: (width: Int, height: Int), maxPixels: Int, _ mistakes: inout Mistakes
  ) -> (width: Int, height: Int) {
    let (width, height) = (values.integer("width"), values.integer("height"))
    guard let start, !start.isMaskedOnly else {
      return (width ?? defaults.width, height ?? defaults.height)
    }
    let image = start.picture
    let own = (width: image.width / 8 * 8, height: image.height / 8 * 8)
    let sides = [("width", width, own.width), ("height", height, own.height)]
    for (name, asked, own) in sides where asked == nil && !FieldTable.sides.contains(own) {
      let limits = "\(FieldTable.sides.lowerBound) to \(FieldTable.sides.upperBound)"
      mistakes.note(
        "the image is \(image.width) x \(image.height); a \(name) of \(limits) should be given", at: name)
    }
    if width == nil, height == nil, own.width * own.height > maxPixels {
      mistakes.note(
        "the image is \(image.width) x \(image.height), over the limit of \(maxPixels) pixels; "
          + "a width and a height should be given", at: "image")
    }
    return (width ?? own.width, height ?? own.height)
  }

  /// Finds the files and prepares the pictures of `request`; waits for the disk and computes long.
  /// - Parameters: entry the model's; body of the request, for the `input` of a 422.
  /// - Returns: what is left to do to each picture.
  func resolve(
    _ request: inout GenerationRequest, in folders: AdapterFolders, _ entry: ModelEntry, _ body: JSONObject
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
    request.embeddings = try EmbeddingNames.files(
      of: request, in: folders.folder(.textualInversion), entry, body)
    let (width, height) = (request.width, request.height)
    request.reference = try reference?.prompt(in: folders, width: width, height: height, entry, body)
    for control in controls {
      request.controls.append(try control.prompt(in: folders, width: width, height: height, mode, body))
    }
    guard let start else { return nil }
    let result = request.secondPass.map { ($0.width, $0.height) } ?? (width, height)
    let (picture, finish) = try start.prepared(work: (width, height), result: result, body)
    request.start = picture
    return finish
  }

  /// Pictures have millions of pixels, which are not needed once they are prepared.
  mutating func letPixelsGo() {
    reference?.letPixelsGo()
    start?.letPixelsGo()
    for index in controls.indices { controls[index].letPixelsGo() }
  }
}
