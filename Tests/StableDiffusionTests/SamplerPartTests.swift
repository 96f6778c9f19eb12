import Glibc
import Testing
import Torch

@testable import StableDiffusion

/// Runs of every sampler that start from a picture, against diffusers' (Tests/Fixtures/samplers), in which the network
/// answers `0.8 tanh(x) + 0.1 sin(t / 100)`.
@Suite struct SamplerPartTests {
  struct Tables: Decodable {
    struct Part: Decodable {
      /// Half of the latent, at the end.
      let end: [Float]
      /// The next number that the generator gives.
      let next: Float
    }

    /// By way to sample, strength and what is repainted.
    let parts: [String: Part]
  }

  private static let shape = [1, 4, 2, 2]

  @Test(arguments: SamplingMethod.allCases) func parts(_ method: SamplingMethod) throws {
    try onTorch {
      let all = try Fixture.decode("samplers/parts.json", as: Tables.self).parts
      let mine = all.filter { $0.key.hasPrefix("\(method.rawValue)/") }
      // Two trainings, four strengths; with two calls a step there is no reference for soft masks.
      let callsTwice = [.heun, .dpm2, .dpm2Ancestral].contains(method)
      #expect(mine.count == 2 * 4 * (method.sigmaSchedules.count + (callsTwice ? 1 : 2)))
      for (name, expected) in mine {
        let parts = name.split(separator: "/")
        let way = try #require(SamplingKey(Array(parts[..<4])))
        let plan = try way.plan(10).part(strength: #require(Double(parts[4])))
        #expect(plan.stepsMade == Int((try #require(Double(parts[4]))) * 10))
        try compare(plan, way.training, String(parts[5]), expected)
      }
    }
  }

  private func start(_ mode: String) throws -> StartingLatents {
    // Latents of which nothing but their spread is known.
    let origin = StartingLatents.Origin.picture(
      try LatentDistribution(moments: .zeros([1, 8, 2, 2])))
    switch mode {
    case "inpaint":
      return StartingLatents(
        origin, repaint: .blended(mask: try Tensor([1, 0, 0, 1] as [Float], [1, 1, 2, 2])))
    case "soft": return StartingLatents(origin, repaint: .gradual(kept: [0, 0.15, 0.45, 1]))
    default: return StartingLatents(origin, repaint: nil)
    }
  }

  private func compare(
    _ plan: SamplingPlan, _ training: Training, _ mode: String, _ expected: Tables.Part
  ) throws {
    let noise = try NoiseSource(seed: 7, shape: Self.shape, device: .cpu)
    let drawn = try start(mode).drawn(from: noise, plan)
    var sampler = try plan.start(
      zeroTerminalSNR: training == .vZeroSNR, noise: drawn.noise, picture: drawn.picture)
    while let point = sampler.point {
      let denoised = try Denoiser.picture(at: point, training.prediction) { x throws(TorchError) in
        try tanh(x) * 0.8 + 0.1 * sin(point.timestep / 100)
      }
      try sampler.resume(denoised: denoised, noise: noise)
      if let blending = drawn.blending {
        sampler.x = try blending(sampler.x, at: sampler.level, stepsDone: sampler.stepsDone)
      }
    }
    #expect(sampler.stepsDone == plan.stepsMade)
    let end = try sampler.x.values(Float.self).prefix(8)
    let largest = expected.end.map(abs).max() ?? 0
    let off = zip(end, expected.end).map { abs($0 - $1) }.max() ?? .infinity
    #expect(off <= 1e-5 * largest, "\(plan), \(training), \(mode): \(off / largest)")
    // As many numbers drawn as there, in the same order.
    let next = try noise.draw().values(Float.self)[0]
    #expect(abs(next - expected.next) < 1e-6, "\(plan), \(mode)")
  }

  /// `⌊steps · strength⌋` in binary numbers, as Python counts.
  @Test(arguments: [
    (10, 1, 10), (10, 0.55, 5), (10, 0.7, 7), (100, 0.29, 28), (3, 0.34, 1), (1, 1, 1), (150, 0.01, 1),
  ])
  func stepsMade(steps: Int, strength: Double, made: Int) throws {
    let part = try SamplingPlan(.euler, steps: steps).part(strength: strength)
    #expect(part.stepsMade == made && part.firstStep == steps - made)
  }

  @Test(arguments: [(10, 0.0), (10, 0.09), (1, 0.99), (10, -0.5), (10, 1.5), (10, .nan)])
  func noStepIsLeft(steps: Int, strength: Double) throws {
    let plan = try SamplingPlan(.euler, steps: steps)
    let error = #expect(throws: SamplingError.self) { try plan.part(strength: strength) }
    #expect(error?.field == "strength")
  }
}
