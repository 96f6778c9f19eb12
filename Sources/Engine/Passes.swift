import Generation
import Images
import StableDiffusion

/// The steps of a request: one pass, or a second one after it at a larger size.
struct Passes {
  let first: SamplingPlan
  let second: SamplingPlan?

  /// - Throws: `SamplingError` where the sampler cannot do this or no step is left; for the second pass,
  ///   `GenerationError` that names it.
  init(_ request: GenerationRequest) throws {
    let whole = try SamplingPlan(request.scheduler, steps: request.steps)
    first = try request.start.map { try whole.part(strength: $0.strength) } ?? whole
    do throws(SamplingError) {
      second =
        if let pass = request.secondPass {
          try SamplingPlan(request.scheduler, steps: pass.steps).part(strength: pass.strength)
        } else {
          nil
        }
    } catch {
      throw GenerationError(.invalidRequest, "The second pass: \(error)", field: "hires")
    }
  }

  /// Steps that are made, of both.
  var steps: Int { first.stepsMade + (second?.stepsMade ?? 0) }
}

extension GenerationRequest {
  /// What is asked of the second pass: all that has the picture's size is brought to the larger one.
  func enlarged(for pass: SecondPass) -> GenerationRequest {
    func larger<Image: PixelImage>(_ image: Image) -> Image {
      image.resized(width: pass.width, height: pass.height, filter: .lanczos)
    }
    var second = self
    (second.width, second.height, second.steps) = (pass.width, pass.height, pass.steps)
    for index in controls.indices { second.controls[index].picture = larger(controls[index].picture) }
    if let start {
      second.start = StartingPicture(
        larger(start.picture), strength: pass.strength,
        mask: start.mask.map { RepaintMask(larger($0.mask), kind: $0.kind) })
    }
    return second
  }
}
