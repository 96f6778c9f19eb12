import Testing
import Torch

@testable import StableDiffusion

/// How a checkpoint was trained, as the fixtures call it.
enum Training: String, CaseIterable {
  case epsilon
  case vZeroSNR = "v_zero_snr"

  var schedule: NoiseSchedule { NoiseSchedule(self == .epsilon ? .asTrained : .zeroSNR) }
  var prediction: PredictionType { self == .epsilon ? .epsilon : .vPrediction }
}

/// `sampler/training/schedule/spacing`, as the fixtures call a way to sample.
struct SamplingKey {
  let method: SamplingMethod, training: Training, sigmas: SigmaSchedule, spacing: TimestepSpacing

  init?(_ parts: [Substring]) {
    guard parts.count == 4, let method = SamplingMethod(rawValue: String(parts[0])),
      let training = Training(rawValue: String(parts[1])),
      let sigmas = SigmaSchedule(rawValue: String(parts[2])),
      let spacing = TimestepSpacing(rawValue: String(parts[3]))
    else { return nil }
    (self.method, self.training, self.sigmas, self.spacing) = (method, training, sigmas, spacing)
  }

  func plan(_ steps: Int) throws -> SamplingPlan {
    // The default of diffusers' `TCDScheduler.step`.
    try SamplingPlan(
      method, sigmas: sigmas, spacing: spacing, steps: steps, eta: method == .tcd ? 0.3 : 0)
  }
}

/// Where samplers ask the network, against diffusers' schedulers (Tests/Fixtures/samplers).
@Suite struct SamplerLadderTests {
  struct Tables: Decodable {
    let ladders: [Ladder]
    /// By way to sample and number of steps: an index of `ladders`.
    let of: [String: [String: Int]]
    let sums: [String: [[Double]]]
    let quantiles: [[Double]]
  }

  struct Ladder: Decodable {
    /// One by call of the network; `sigmas` has a last one, or none where the sampler knows no levels.
    let timesteps: [Double], sigmas: [Double]
    let start: Double

    init(from decoder: any Swift.Decoder) throws {
      var values = try decoder.unkeyedContainer()
      timesteps = try values.decode([Double].self)
      sigmas = try values.decode([Double].self)
      start = try values.decode(Double.self)
    }
  }

  private func tables() throws -> Tables { try Fixture.decode("samplers/ladders.json") }

  private func points(_ sampler: any Sampler) throws -> [SamplingPoint] {
    var (sampler, points) = (sampler, [SamplingPoint]())
    let noise = try NoiseSource(seed: 0, shape: [1], device: .cpu)
    while let point = sampler.point {
      points.append(point)
      try sampler.resume(denoised: point.x * 0.5, noise: noise)
    }
    return points
  }

  @Test(arguments: SamplingMethod.allCases) func ladders(_ method: SamplingMethod) throws {
    try onTorch {
      let tables = try tables()
      let ways = tables.of.keys.compactMap { SamplingKey($0.split(separator: "/")) }
      #expect(ways.count == tables.of.count)
      let mine = tables.of.filter { $0.key.hasPrefix("\(method.rawValue)/") }
      let expected = method.sigmaSchedules.count * method.spacings.count
      #expect(mine.count == expected * (method.honoursZeroTerminalSNR ? 2 : 1))
      for (name, ladders) in mine {
        let way = try #require(SamplingKey(name.split(separator: "/")))
        for (steps, index) in ladders {
          try compare(way.plan(#require(Int(steps))), way.training, tables.ladders[index])
        }
      }
    }
  }

  private func compare(_ plan: SamplingPlan, _ training: Training, _ expected: Ladder) throws {
    // The reference's square roots are not always the nearest float32. That shows where little is left of a
    // difference: in a rescaled schedule, and where an ancestral step leads from one end of it to the other.
    let steep = plan.method == .dpm2Ancestral && plan.spacing == .linspace
    let delicate = plan.method == .dpm2Ancestral || training == .vZeroSNR
    let rounding = steep ? 1e-2 : delicate ? 3e-6 : 1e-6
    let timing = steep ? 1e-2 : training == .vZeroSNR ? 1e-3 : 4e-4
    let sampler = try plan.start(zeroTerminalSNR: training == .vZeroSNR, noise: Tensor([1] as [Float]))
    let start = try sampler.x.values(Double.self)[0]
    #expect(abs(start / expected.start - 1) < rounding, "\(plan)")
    let points = try points(sampler)
    guard points.count == expected.timesteps.count else {
      Issue.record("\(plan): \(points.count) calls, not \(expected.timesteps.count)")
      return
    }
    for (point, timestep) in zip(points, expected.timesteps) {
      // Fractional ones are as exact as the differences of float32 logarithms they come from.
      #expect(abs(point.timestep - timestep) < timing, "\(plan)")
    }
    for (point, sigma) in zip(points, expected.sigmas) {
      #expect(abs(point.sigma / point.alpha / sigma - 1) < rounding, "\(plan)")
    }
    #expect(expected.sigmas.isEmpty || expected.sigmas.last == 0)
  }

  @Test(arguments: [SamplingMethod.euler, .dpmpp2M, .ddim]) func everyNumberOfSteps(_ method: SamplingMethod)
    throws
  {
    try onTorch {
      let tables = try tables()
      for spacing in TimestepSpacing.allCases {
        let rows = try #require(tables.sums["\(method.rawValue)/\(spacing.rawValue)"])
        #expect(rows.count == 150)
        for (index, sums) in rows.enumerated() {
          let plan = try SamplingPlan(method, spacing: spacing, steps: index + 1)
          let times = try points(plan.start(zeroTerminalSNR: false, noise: Tensor([1] as [Float])))
            .map(\.timestep)
          #expect(times.count == index + 1)
          let weighted = times.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
          #expect(abs(times.reduce(0, +) - sums[0]) < 2e-3, "\(plan)")
          #expect(abs(weighted - sums[1]) < 2e-3, "\(plan)")
        }
      }
    }
  }

  @Test(arguments: SamplingMethod.allCases.filter { ![.ddim, .lcm, .tcd].contains($0) })
  func levelsFall(_ method: SamplingMethod) throws {
    for sigmas in method.sigmaSchedules {
      for (spacing, steps) in method.spacings.flatMap({ s in [1, 3, 61, 150, 500].map { (s, $0) } })
      where steps <= method.stepLimit {
        let plan = try SamplingPlan(method, sigmas: sigmas, spacing: spacing, steps: steps)
        for zeroSNR in [false, true] {
          let ladder = plan.ladder(plan.schedule(zeroTerminalSNR: zeroSNR))
          #expect(ladder.timesteps.count == steps && ladder.sigmas.count == steps + 1)
          #expect(zip(ladder.sigmas, ladder.sigmas.dropFirst()).allSatisfy { $0 > $1 }, "\(plan)")
          #expect(ladder.timesteps.allSatisfy { (0...999).contains($0) }, "\(plan)")
        }
      }
    }
  }

  @Test func betaQuantiles() throws {
    let distribution = SymmetricBeta(0.6)
    for row in try tables().quantiles {
      #expect(abs(distribution.quantile(row[0]) - row[1]) <= 1e-13 * max(row[1], 0.01), "\(row[0])")
    }
  }

  @Test func refusals() {
    func refusal(
      _ method: SamplingMethod, _ sigmas: SigmaSchedule = .normal, _ spacing: TimestepSpacing = .leading,
      steps: Int = 8
    ) -> SamplingError? {
      do throws(SamplingError) {
        _ = try SamplingPlan(method, sigmas: sigmas, spacing: spacing, steps: steps)
        return nil
      } catch { return error }
    }
    for method in [SamplingMethod.lcm, .tcd] {
      #expect(refusal(method, steps: 50) == nil)
      #expect(refusal(method, steps: 51) == .steps(51, limit: 50, method))
      #expect(refusal(method, .normal, .trailing) == .spacing(.trailing, method))
    }
    #expect(refusal(.euler, steps: 0) == .steps(0, limit: 500, .euler))
    #expect(refusal(.euler, steps: 501)?.description == "euler takes 1 to 500 steps, not 501")
    #expect(refusal(.ddim, .karras) == .sigmas(.karras, .ddim))
    #expect(refusal(.uniPC, .ays) == .sigmas(.ays, .uniPC))
    #expect(SamplingError.steps(51, limit: 50, .lcm).field == "steps")
    #expect(SamplingError.sigmas(.ays, .uniPC).field == "scheduler")
    #expect(SamplingError.spacing(.trailing, .tcd).field == "timestep_spacing")
  }
}
