import Generation
import Images
import StableDiffusion
import Torch

/// Depth maps of the pictures that controls came with, made when first wanted.
///
/// What is kept is maps, on the host: the model that makes them is read for a new picture and let go.
struct DepthReading {
  /// The last one used at the end.
  private var entries: [Entry] = []

  private struct Entry {
    let model: AdapterFile
    let file: FileVersion
    let picture: RGBImage
    let map: RGBImage
  }

  /// As many as a request has controls.
  private static let capacity = 4

  /// The controls as their networks take them: the depth of a picture in its place, where that was asked for.
  /// - Throws: `GenerationError` naming the depth model's file and tensor; `TorchError`; what `loading` throws.
  mutating func prepared(
    _ controls: [ControlPrompt], on device: Device, _ loading: Loading
  ) throws -> [ControlPrompt] {
    var prepared = controls
    for (index, control) in controls.enumerated() {
      guard let model = control.depthModel else { continue }
      try loading.pause()
      do {
        prepared[index].picture = try map(of: control.picture, by: model, on: device, loading)
      } catch let error as CheckpointError {
        throw GenerationError(.invalidRequest, "depth/\(model.name): \(error.description)", field: "control")
      }
      prepared[index].depthModel = nil
    }
    return prepared
  }

  private mutating func map(
    of picture: RGBImage, by model: AdapterFile, on device: Device, _ loading: Loading
  ) throws -> RGBImage {
    let path = DepthModel.weightsPath(model.path)
    let file = FileVersion(path: path)
    if let place = entries.firstIndex(where: {
      $0.model == model && $0.file == file && $0.picture == picture
    }) {
      let entry = entries.remove(at: place)
      entries.append(entry)
      return entry.map
    }
    let network = try DepthModel(
      folder: model.path, device: device,
      progress: loading.file(model.name, path: DepthModel.weightsPath(model.path)))
    let map = try network(picture, pause: loading.pause)
    // Another file may have taken the name meanwhile: what cannot be told is read again.
    if let file, file == FileVersion(path: path) {
      entries.append(Entry(model: model, file: file, picture: picture, map: map))
      if entries.count > Self.capacity { entries.removeFirst() }
    }
    return map
  }
}
