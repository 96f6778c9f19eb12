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
  func size(
    _ values: FieldValues, _ defaults: (width: Int, height: Int), _ mistakes: inout Mistakes
  ) -> (width: Int, height: Int) {
    guard let start, !start.isMaskedOnly else {
      return (values.integer("width") ?? defaults.width, values.integer("height") ?? defaults.height)
    }
    let image = start.picture
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
      request.loras.append(LoRASelection(try choice.find(lora.name, at: lora.path), scale: lora.scale))
    }
    request.embeddings = try EmbeddingNames.files(of: request, in: folders.folder(.textualInversion), body)
    let (width, height) = (request.width, request.height)
    request.reference = try reference?.prompt(in: folders, width: width, height: height, body)
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
