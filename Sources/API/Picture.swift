import Generation
import HTTP
import Images
import JSON
import Registry

/// A picture asked for without a connection: what the command line sends. Absent fields take their defaults.
public struct PictureOrder: Sendable {
  public var prompt: String
  public var negativePrompt: String?
  public var model: String?
  public var width: Int?
  public var height: Int?
  public var steps: Int?
  public var cfgScale: Double?
  public var seed: UInt64?
  public var scheduler: String?
  public var clipSkip: Int?
  public var cfgRescale: Double?
  public var cfgStart: Double?
  public var cfgEnd: Double?
  public var eta: Double?
  public var promptStyle: String?
  public var timestepSpacing: String?
  public var vae: String?
  /// Picture files, as they are.
  public var references: [[UInt8]] = []
  public var image: [UInt8]?
  public var strength: Double?
  public var mask: [UInt8]?
  public var control: Control?
  public var loras: [(name: String, scale: Double)] = []

  /// A ControlNet and what it reads.
  public struct Control: Sendable {
    public var picture: [UInt8]
    public var type: String?
    public var model: String?

    public init(picture: [UInt8]) { self.picture = picture }
  }

  public init(prompt: String) { self.prompt = prompt }

  /// The body `POST /generate` would have.
  fileprivate var body: JSONObject {
    var body: JSONObject = ["prompt": .string(prompt)]
    body["negative_prompt"] = negativePrompt.map(JSONValue.string)
    body["model"] = model.map(JSONValue.string)
    body["seed"] = seed.map { .number(JSONNumber($0)) }
    for (name, value) in [
      ("width", width), ("height", height), ("steps", steps), ("clip_skip", clipSkip),
    ] {
      body[name] = value.map { .number(JSONNumber($0)) }
    }
    for (name, value) in [
      ("cfg_scale", cfgScale), ("cfg_rescale", cfgRescale), ("cfg_start", cfgStart), ("cfg_end", cfgEnd),
      ("eta", eta), ("strength", strength),
    ] {
      // A number that JSON cannot hold is refused as a text.
      body[name] = value.map { JSONNumber($0).map(JSONValue.number) ?? .string("\($0)") }
    }
    for (name, value) in [
      ("scheduler", scheduler), ("prompt_style", promptStyle), ("timestep_spacing", timestepSpacing),
      ("vae", vae),
    ] {
      body[name] = value.map(JSONValue.string)
    }
    for (name, picture) in [("image", image), ("mask", mask)] { body[name] = picture.map(Self.base64) }
    if !references.isEmpty { body["reference_images"] = .array(references.map(Self.base64)) }
    if let control {
      var object: JSONObject = ["image": Self.base64(control.picture)]
      object["type"] = control.type.map(JSONValue.string)
      object["model"] = control.model.map(JSONValue.string)
      body["control"] = .object(object)
    }
    if !loras.isEmpty {
      body["loras"] = .array(
        loras.map { ["name": .string($0.name), "scale": JSONValue(floatLiteral: $0.scale)] })
    }
    return body
  }

  private static func base64(_ bytes: [UInt8]) -> JSONValue {
    .string(bytes.withUnsafeBufferPointer(Base64.encoded))
  }
}

/// A finished picture as a file.
public struct Picture: Sendable {
  /// PNG, with its recipe in text chunks.
  public let png: [UInt8]
  public let seed: UInt64
  public let model: String
}

/// Why there is no picture: one line a problem, as the server would have answered.
public struct PictureRefused: Error, CustomStringConvertible {
  public let description: String
  /// Whether the order itself is at fault, as a 422 says.
  public var isInvalidRequest = false
}

extension APIService {
  /// Makes a picture by the same checks and the same engine as `POST /generate`.
  public func picture(_ order: PictureOrder) async throws(PictureRefused) -> Picture {
    do {
      let plan = try await plan(order.body)
      let made = try await make(plan, client: "").first
      let png = try await workers.runFirst { try PNG.encode(made.image, text: made.provenance.chunks) }
      return Picture(png: png, seed: plan.request.seed, model: plan.entry.id)
    } catch {
      let refusal = APIError(error)
      let words = ErrorBody(refusal.response.body).sentence
      throw PictureRefused(description: words, isInvalidRequest: refusal.status == 422)
    }
  }
}
