import Foundation
import Images
import Testing
import Torch

@testable import StableDiffusion

@Suite struct LatentPreviewTests {
  /// Peak signal to noise of two pictures of a size, in dB.
  private func psnr(_ one: [UInt8], _ other: [UInt8]) -> Double {
    let squares = zip(one, other).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    return 10 * log10(255 * 255 / max(squares / Double(one.count), 1e-9))
  }

  /// The means of eight by eight pixels.
  private func shrunk(_ image: RGBImage) -> [UInt8] {
    let (width, height) = (image.width / 8, image.height / 8)
    return (0..<width * height).flatMap { place in
      (0..<3).map { colour in
        var sum = 0
        for y in 0..<8 {
          for x in 0..<8 {
            let pixel = (place / width * 8 + y) * image.width + place % width * 8 + x
            sum += Int(image.pixels[3 * pixel + colour])
          }
        }
        return UInt8((sum + 32) / 64)
      }
    }
  }

  @Test(arguments: Pocket.requests.prefix(4))
  func looksLikeThePicture(request: Pocket.Request) throws {
    let model = try Pocket.load()
    var run = try request.start(model)
    while try run.advance() {}
    let picture = try model.decode(run.latents).image
    let preview = try #require(try model.preview(run.latents))
    #expect((preview.width, preview.height) == (picture.width / 8, picture.height / 8))
    #expect(psnr(preview.pixels, shrunk(picture)) >= 15)
    // The network's own view at the last step is all but the result.
    let seen = try #require(try run.denoised.flatMap { try model.preview($0) })
    #expect(psnr(seen.pixels, preview.pixels) >= 25)
  }

  @Test func latentsThatAreNotFiniteHaveNone() throws {
    let model = try Pocket.load()
    #expect(try model.preview(Tensor(Array(repeating: Float.nan, count: 4 * 8 * 8), [1, 4, 8, 8])) == nil)
  }

  @Test func leastSquares() throws {
    // A line through four points, as numpy.linalg.lstsq gives it.
    let fitted = try #require(
      LatentPreview.leastSquares([[0, 1], [1, 1], [2, 1], [3, 1]], [1, 2, 3, 2.6]))
    #expect(abs(fitted[0] - 0.58) < 1e-12 && abs(fitted[1] - 1.28) < 1e-12)
    #expect(LatentPreview.leastSquares([[1, 1], [2, 2]], [1, 2]) == nil)
  }
}
