import Generation
import Images
import JSON
import Registry

/// A ControlNet that a request asks for.
struct ControlOrder: Sendable {
  /// What is made of the picture.
  enum Kind: String, Sendable, CaseIterable {
    /// It is a ready map.
    case raw
    case canny
    case depth
  }

  /// As the client named it.
  let model: String?
  let kind: Kind
  private(set) var picture: PictureInput
  let scale: Double
  let start: Double
  let end: Double
  let lowThreshold: Int
  let highThreshold: Int
  /// Where the body has it.
  let path: FieldPath

  static func all(_ values: FieldValues, _ mistakes: inout Mistakes) -> [ControlOrder] {
    let path = FieldPath("control")
    if let one = values.object("control") {
      return [ControlOrder(one, path, &mistakes)].compactMap(\.self)
    }
    return values.list("control").enumerated().compactMap { index, value in
      guard case .object(let object) = value else { return nil }
      return ControlOrder(object, path.element(index), &mistakes)
    }
  }

  private init?(_ values: FieldValues, _ path: FieldPath, _ mistakes: inout Mistakes) {
    guard let picture = values.picture("image") else { return nil }
    (self.picture, self.path) = (picture, path)
    (model, kind) = (values.text("model"), values.choice("type") ?? .raw)
    scale = values.number("scale") ?? 1
    (start, end) = (values.number("start") ?? 0, values.number("end") ?? 1)
    lowThreshold = values.integer("low_threshold") ?? 100
    highThreshold = values.integer("high_threshold") ?? 200
    if start >= end {
      mistakes.note("start should be less than end, which is \(end.shortText)", at: path.member("start"))
    }
    if lowThreshold > highThreshold {
      mistakes.note(
        "low_threshold should not be greater than high_threshold, which is \(highThreshold)",
        at: path.member("low_threshold"))
    }
  }
}

extension ControlOrder {
  /// With its network found and its picture ready; waits for the disk.
  /// - Parameter mode: how the picture is brought to the size.
  /// - Throws: 404 for a network that is not there; 422 for a wrong file, a choice that is not clear, and a depth that
  ///   nothing can tell; 503 where there is no network, or nothing but damaged ones.
  func prompt(
    in folders: AdapterFolders, width: Int, height: Int, _ mode: ResizeMode, _ body: JSONObject
  ) throws(APIError) -> ControlPrompt {
    let file = try network(in: folders.folder(.controlNet), body)
    let fitted = try picture.image.fitted(width: width, height: height, mode: mode)
    let map =
      switch kind {
      // The engine makes the map of what it sees.
      case .raw, .depth: fitted
      case .canny: fitted.cannyEdges(low: Double(lowThreshold), high: Double(highThreshold))
      }
    var prompt = ControlPrompt(file, picture: map)
    if kind == .depth { prompt.depthModel = try depthModel(in: folders.folder(.depth), body) }
    (prompt.scale, prompt.start, prompt.end) = (scale, start, end)
    return prompt
  }

  mutating func letPixelsGo() { picture.letPixelsGo() }

  private func network(in folder: AdapterFolder, _ body: JSONObject) throws(APIError) -> AdapterFile {
    if let model {
      return try AdapterChoice(folder: folder, body: body).find(model, at: path.member("model"))
    }
    let all = folder.entries
    let entries = all.filter { $0.error == nil }
    guard !entries.isEmpty else {
      throw APIError(
        503, "no_control",
        "There is no ControlNet\(all.complaints): put one for SDXL in diffusers' layout into controlnet in the "
          + "models folder")
    }
    // Those that are called after what they read fit it best.
    let named = kind == .raw ? [] : entries.filter { $0.name.lowercased().contains(kind.rawValue) }
    let fitting = named.isEmpty ? entries : named
    guard fitting.count == 1, let entry = fitting.first else {
      let names = fitting.map(\.name).joined(separator: ", ")
      let issue = FieldProblem.value("several ControlNets fit, so model should name one: \(names)")
      throw APIError([ValidationIssue(path.member("model").steps, issue, input: .null)])
    }
    return AdapterFile(name: entry.name, path: entry.path)
  }

  private func depthModel(in folder: AdapterFolder, _ body: JSONObject) throws(APIError) -> AdapterFile {
    let all = folder.entries
    if let entry = all.first(where: { $0.error == nil }) {
      return AdapterFile(name: entry.name, path: entry.path)
    }
    guard all.isEmpty else {
      throw APIError(503, "depth_model_not_loaded", "There is no depth model\(all.complaints)")
    }
    let place = path.member("type")
    let problem = FieldProblem.value(
      "there is no depth model in the models folder (depth/NAME with Depth Anything V2's config.json and "
        + "model.safetensors); a ready depth map may be sent with the type raw")
    throw APIError([ValidationIssue(place.steps, problem, input: body.value(at: place))])
  }
}
