import Foundation
import Images

/// A picture has the size its header claims, turned or not, and the limits hold; base64 is what Foundation says.
///
/// The first byte chooses: 0 reads base64, the rest are pictures of any format.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  var input = Input(start, count)
  if input.byte() == 0 {
    checkBase64(input.rest)
  } else {
    checkPicture(input.rest)
  }
  return 0
}

private func checkPicture(_ bytes: [UInt8]) {
  let limits = ImageLimits(maxPixels: 1 << 16, maxSide: 1024)
  if let format = ImageFormat.sniff(bytes) { _ = EXIFOrientation.read(bytes, format: format) }
  guard let header = try? ImageDecoder.header(of: bytes, limits: limits) else { return }
  expect(header.width <= 1024 && header.height <= 1024, "\(header)")
  expect(header.width * header.height <= 1 << 16, "\(header)")
  if header.format == .png { _ = try? PNG.text(in: bytes, limits: limits) }
  guard let image = try? ImageDecoder.decode(bytes, limits: limits) else { return }
  expect((image.width, image.height) == (header.width, header.height), "\(image.width) x \(image.height)")
  guard let upright = try? ImageDecoder.decode(bytes, limits: limits, upright: true) else {
    fatalError("read once, but not twice")
  }
  let sides = [upright.width, upright.height]
  let turned = EXIFOrientation.read(bytes, format: header.format).swapsSides
  expect(
    sides == (turned ? [image.height, image.width] : [image.width, image.height]), "turned to \(sides)")
}

private func checkBase64(_ text: [UInt8]) {
  let compact = text.filter { $0 != 13 && $0 != 10 }
  let known = Data(base64Encoded: Data(compact)).map { Array($0) }
  if let read = try? Base64Text.decode(text, limit: 1 << 20) {
    expect(known == read, "Foundation reads other bytes")
    expect(Array(Data(read).base64EncodedData()) == compact, "another spelling of the same bytes")
    if !read.isEmpty {
      expect((try? Base64Text.decode(text, limit: read.count - 1)) == nil, "over the limit")
    }
  } else if let known {
    // Bits beyond the last byte, which Foundation drops.
    expect(Array(Data(known).base64EncodedData()) != compact, "refused although it is right")
  }
}
