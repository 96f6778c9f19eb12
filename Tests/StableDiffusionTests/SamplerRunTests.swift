import Glibc
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Whole runs of every sampler against diffusers' (Tests/Fixtures/samplers), in which the network answers
/// `0.8 tanh(x) + 0.1 sin(t / 100)`.
@Suite struct SamplerRunTests {
  struct Tables: Decodable {
    struct Run: Decodable {
      /// Half of the latent after each call of the network, or only at the end.
      let after: [[Float]]
      /// The next number that the generator gives.
      let next: Float
    }

    /// By way to sample and number of steps.
    let runs: [String: Run]
  }

  private static let shape = [1, 4, 2, 2]

  @Test(arguments: SamplingMethod.allCases) func runs(_ method: SamplingMethod) throws {
    try onTorch {
      let all = try Fixture.decode("samplers/runs.json", as: Tables.self).runs
      let mine = all.filter { $0.key.hasPrefix("\(method.rawValue)/") }
      #expect(mine.count == 2 * (4 * method.sigmaSchedules.count + 3 * (method.spacings.count - 1)))
      for (name, expected) in mine {
        let parts = name.split(separator: "/")
        let way = try #require(SamplingKey(parts.dropLast()))
        try compare(way.plan(#require(Int(parts[4]))), way.training, expected)
      }
    }
  }

  private func compare(_ plan: SamplingPlan, _ training: Training, _ expected: Tables.Run) throws {
    let noise = try NoiseSource(seed: 7, shape: Self.shape, device: .cpu)
    var sampler = try plan.start(zeroTerminalSNR: training == .vZeroSNR, noise: noise.draw())
    let bound = bound(plan, zeroSNR: training == .vZeroSNR)
    var after: [[Float]] = []
    while let point = sampler.point {
      let denoised = try Denoiser.picture(at: point, training.prediction) { x throws(TorchError) in
        try tanh(x) * 0.8 + 0.1 * sin(point.timestep / 100)
      }
      try sampler.resume(denoised: denoised, noise: noise)
      after.append(Array(try sampler.x.values(Float.self).prefix(8)))
    }
    #expect(sampler.stepsDone == plan.steps)
    if plan.steps > 4 { after.removeFirst(after.count - 1) }
    #expect(after.count == expected.after.count)
    for (index, (actual, wanted)) in zip(after, expected.after).enumerated() {
      let largest = wanted.map(abs).max() ?? 0
      let off = zip(actual, wanted).map { abs($0 - $1) }.max() ?? .infinity
      #expect(off <= bound * largest, "\(plan), \(training), call \(index + 1): \(off / largest)")
    }
    // As many numbers drawn as there, in the same order.
    let next = try noise.draw().values(Float.self)[0]
    #expect(abs(next - expected.next) < 1e-6, "\(plan)")
  }

  /// Where one step leads from one end of the schedule to the other, the difference that is left of a latent has
  /// few digits, there as here.
  private func bound(_ plan: SamplingPlan, zeroSNR: Bool) -> Float {
    let sigmas = plan.ladder(plan.schedule(zeroTerminalSNR: zeroSNR)).sigmas.dropLast()
    let steepest = zip(sigmas, sigmas.dropFirst()).map { $0 / $1 }.max() ?? 1
    return steepest < 100 ? 1e-5 : 1e-3
  }

  /// Where nothing but noise is left, a network that answers the noise says nothing.
  @Test func noiseAloneTellsNothing() throws {
    try onTorch {
      let folder = try TemporaryFolder()
      var copy = try SafetensorsCopy(path: Pocket.path)
      copy.tensors["ztsnr"] = .init(.float32, zeros: [0])
      let checkpoint = try Checkpoint(path: folder.write(copy.encoded(), to: "marked.safetensors"))
      let model = try StableDiffusionXL(checkpoint, vocabulary: Pocket.vocabulary(), options: .init())
      #expect(model.prediction == .epsilon && model.zeroTerminalSNR)
      let image = try model.condition(model.prompt("red"), guidance: nil, width: 64, height: 64)
      func start(_ plan: SamplingPlan) throws { _ = try DenoisingRun(model, image, plan, seed: 0) }
      for method in [SamplingMethod.lcm, .tcd] {
        #expect(throws: SamplingError.noSignal(method)) { try start(SamplingPlan(method, steps: 4)) }
      }
      #expect(throws: SamplingError.noSignal(.ddim)) {
        try start(SamplingPlan(.ddim, spacing: .trailing, steps: 4))
      }
      // What the client may change: the steps of one lie where they are put, the others' where they always do.
      #expect(SamplingError.noSignal(.ddim).field == "timestep_spacing")
      #expect(SamplingError.noSignal(.lcm).field == "scheduler")
      try start(SamplingPlan(.ddim, steps: 4))
      try start(SamplingPlan(.euler, spacing: .trailing, steps: 4))
    }
  }

  /// A latent that is replaced between two calls is what the sampler goes on with, its history untouched.
  @Test(arguments: SamplingMethod.allCases) func latentsMayBeReplaced(_ method: SamplingMethod) throws {
    try onTorch {
      let plan = try SamplingPlan(method, steps: 4)
      func end(shifted: Bool) throws -> [Float] {
        let noise = try NoiseSource(seed: 7, shape: Self.shape, device: .cpu)
        var sampler = try plan.start(zeroTerminalSNR: false, noise: noise.draw())
        var calls = 0
        while let point = sampler.point {
          try sampler.resume(denoised: tanh(point.x), noise: noise)
          calls += 1
          if shifted, calls == 1 { sampler.x = try sampler.x + 0.5 }
        }
        return try sampler.x.values(Float.self)
      }
      let (plain, shifted) = (try end(shifted: false), try end(shifted: true))
      #expect(plain != shifted)
      #expect(shifted.allSatisfy { $0.isFinite })
    }
  }
}
