import API
import ArgumentParser
import Registry

/// What steers the picture with more than words.
struct SteeringOptions: ParsableArguments {
  @Option(help: "A picture whose look is taken over; up to four.") var reference: [String] = []
  @Option(help: "NAME or NAME:SCALE of a LoRA in models/loras; up to eight.") var lora: [String] = []
  @Option(help: "A picture to start from.") var image: String?
  @Option(help: "How much of the image is repainted, 0 to 1. (default: 0.75)") var strength: Double?
  @Option(help: "A picture that is white where the image is repainted.") var mask: String?
  @Option(help: "A picture for a ControlNet.") var control: String?
  @Option(help: "What is made of it: raw, canny or depth. (default: raw)") var controlType: String?
  @Option(help: "A name in models/controlnet. (default: the one that fits)") var controlModel: String?

  /// The values are checked as those of a request are.
  func fill(_ order: inout PictureOrder) throws {
    order.references = try reference.map { try Self.read($0, "reference") }
    order.loras = try lora.map(Self.lora)
    order.image = try Setting.optional(image, "image").map { try Self.read($0, "image") }
    order.strength = try Setting.optional(strength, "strength")
    order.mask = try Setting.optional(mask, "mask").map { try Self.read($0, "mask") }
    guard let file = try Setting.optional(control, "control") else { return }
    var control = PictureOrder.Control(picture: try Self.read(file, "control"))
    control.type = try Setting.optional(controlType, "control-type")
    control.model = try Setting.optional(controlModel, "control-model")
    order.control = control
  }

  /// A name may have colons of its own: what stands behind the last one is a scale where it is a number.
  private static func lora(_ text: String) throws -> (name: String, scale: Double) {
    guard let colon = text.lastIndex(of: ":") else { return (text, 1) }
    guard let scale = Double(text[text.index(after: colon)...]), scale.isFinite else {
      throw ValidationError("--lora is NAME or NAME:SCALE, such as crayon:0.8, not \(text).")
    }
    return (String(text[..<colon]), scale)
  }

  /// A picture larger than any request may have is refused before it is read.
  private static func read(_ path: String, _ option: String) throws -> [UInt8] {
    do {
      return try SmallFile.read(path, limit: 5 << 20)
    } catch {
      throw ValidationError("--\(option) '\(path)' \(error.reason).")
    }
  }
}
