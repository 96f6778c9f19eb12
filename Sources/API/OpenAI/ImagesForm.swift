import HTTP
import Images
import JSON

/// The form of `POST /v1/images/edits`: texts for a field table, and pictures.
struct ImagesForm: Sendable {
  /// The texts, as JSON strings.
  let fields: JSONObject
  let images: [[UInt8]]
  let mask: [UInt8]?

  static let image = "image"
  static let maskName = "mask"
  /// Names that pictures may come under, as different clients write them.
  private static let imageNames: Set = [image, "image[]"]
  private static let mostImages = 4
  /// Bytes of one picture.
  private static let longestImage = 5 << 20

  static let files = [
    FormFile(name: "image", summary: "The picture to edit; this or image[] is required."),
    FormFile(name: "image[]", summary: "Up to 4 of them."),
    FormFile(name: maskName, summary: "A PNG of the same size; what is transparent is repainted."),
  ]

  /// - Throws: 400 for what is no form; 422 for the mistakes of its parts, the first of each kind.
  init(_ body: [UInt8], contentType: String) throws(APIError) {
    let parts: [MultipartPart]
    do {
      parts = try Multipart.parse(body, contentType: contentType)
    } catch {
      throw APIError(400, "bad_form", error.detail)
    }
    var fields = JSONObject()
    var images: [[UInt8]] = []
    var masks: [[UInt8]] = []
    for part in parts {
      switch part.name {
      case let name where Self.imageNames.contains(name): images.append(try Self.file(part))
      case Self.maskName: masks.append(try Self.file(part))
      default:
        guard let text = String(validating: part.body, as: UTF8.self) else {
          throw Self.problem(part.name, .value("\(part.name) is not UTF-8"))
        }
        guard fields[part.name] == nil else {
          throw Self.problem(part.name, .value("\(part.name) is there more than once"))
        }
        fields[part.name] = .string(text)
      }
    }
    guard !images.isEmpty else { throw Self.problem(Self.image, FieldProblem("missing", "Field required")) }
    guard images.count <= Self.mostImages else {
      throw Self.problem(Self.image, .value("there are more than \(Self.mostImages) images"))
    }
    guard masks.count <= 1 else { throw Self.problem(Self.maskName, .value("there is more than one mask")) }
    (self.fields, self.images, mask) = (fields, images, masks.first)
  }

  /// Decodes every picture, so that a form with a bad one is refused whatever becomes of it.
  /// - Throws: 422 for a picture that cannot be read, and a mask that is no PNG or of another size.
  func checkPictures() throws(APIError) {
    var sizes: [(width: Int, height: Int)] = []
    for image in images { sizes.append(try Self.size(of: image, Self.image)) }
    guard let mask else { return }
    guard ImageFormat.sniff(mask) == .png else {
      throw Self.problem(Self.maskName, .value("the mask is not a PNG"))
    }
    let size = try Self.size(of: mask, Self.maskName)
    guard let first = sizes.first, first == size else {
      throw Self.problem(Self.maskName, .value("the mask is not of the image's size"))
    }
  }

  private static func size(of bytes: [UInt8], _ name: String) throws(APIError) -> (width: Int, height: Int) {
    do {
      let image = try ImageDecoder.decode(bytes)
      return (image.width, image.height)
    } catch {
      throw problem(name, .value(error.message))
    }
  }

  private static func file(_ part: MultipartPart) throws(APIError) -> [UInt8] {
    guard part.body.count <= longestImage else {
      throw problem(part.name, .value("the picture is over \(longestImage >> 20) MiB"))
    }
    return Array(part.body)
  }

  private static func problem(_ name: String, _ problem: FieldProblem) -> APIError {
    APIError([ValidationIssue([.string(name)], problem, input: .null)])
  }
}
