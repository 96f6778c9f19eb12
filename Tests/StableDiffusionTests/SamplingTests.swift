import Glibc
import Testing
import Torch

@testable import StableDiffusion

/// Schedules and samplers against diffusers' numbers (Tests/Fixtures/tables).
@Suite struct SamplingTests {
  struct Tables: Decodable {
    struct Schedule: Decodable {
      let timesteps: [Double], sigmas: [Double]
      let initNoiseSigma: Double
    }

    let alphasCumprod: [String: [Double]]
    /// By sampler, training, and number of steps.
    let leading: [String: [String: [String: Schedule]]]
  }

  /// How a checkpoint was trained, as the tables call it.
  enum Training: String, CaseIterable {
    case epsilon
    case vZeroSNR = "v_zero_snr"

    var schedule: NoiseSchedule { NoiseSchedule(self == .epsilon ? .asTrained : .zeroSNR) }
    var prediction: PredictionType { self == .epsilon ? .epsilon : .vPrediction }
  }

  private func relative(_ actual: Double, _ expected: Double) -> Double {
    actual == expected ? 0 : abs(actual - expected) / abs(expected)
  }

  @Test(arguments: Training.allCases) func signalShares(_ training: Training) throws {
    let table = try Fixture.decode("tables/schedules.json", as: Tables.self)
    let expected = try #require(table.alphasCumprod[training.rawValue])
    let alphas = training.schedule.alphasCumprod
    #expect(alphas.count == expected.count)
    // The reference multiplies a thousand factors in single precision.
    #expect(zip(alphas, expected).map(relative).max() ?? 1 < 1e-4)
    #expect(zip(alphas, alphas.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test(arguments: Training.allCases) func ladders(_ training: Training) throws {
    let table = try Fixture.decode("tables/schedules.json", as: Tables.self)
    for sampler in ["euler", "euler_a"] {
      let schedules = try #require(table.leading[sampler]?[training.rawValue])
      #expect(schedules.count == 14)
      for (steps, expected) in schedules {
        let ladder = SigmaLadder(training.schedule, steps: try #require(Int(steps)))
        #expect(ladder.timesteps == expected.timesteps)
        #expect(ladder.sigmas.count == expected.sigmas.count)
        #expect(zip(ladder.sigmas, expected.sigmas).map(relative).max() ?? 1 < 1e-4, "\(sampler), \(steps)")
        let start = try ladder.start(Tensor([1] as [Float])).values(Double.self)[0]
        #expect(relative(start, expected.initNoiseSigma) < 1e-4)
      }
    }
  }

  @Test func sigmasBetweenTimestepsAreInterpolated() {
    let schedule = NoiseSchedule()
    let (low, high) = (schedule.sigma(at: 10), schedule.sigma(at: 11))
    #expect(abs(schedule.sigma(at: 10.25) - (0.75 * low + 0.25 * high)) < 1e-12)
    #expect(schedule.sigma(at: -1) == schedule.sigma(at: 0))
    #expect(schedule.sigma(at: 5000) == schedule.sigma(at: 999))
  }

  @Test func everyNumberOfStepsHasALadder() {
    let schedule = NoiseSchedule(.zeroSNR)
    // With 1000 steps the offset leads beyond the training: the first level comes twice, as in the reference.
    #expect(SigmaLadder(schedule, steps: 1000).sigmas[0] == SigmaLadder(schedule, steps: 1000).sigmas[1])
    for steps in 1...999 {
      let ladder = SigmaLadder(schedule, steps: steps)
      #expect(ladder.timesteps.count == steps)
      #expect(ladder.sigmas.last == 0)
      #expect(zip(ladder.sigmas, ladder.sigmas.dropFirst()).allSatisfy { $0 > $1 })
    }
  }

  struct Runs: Decodable {
    struct Run: Decodable { let start: [Float], after: [[Float]] }

    /// By sampler, training, and number of steps.
    let runs: [String: [String: [String: Run]]]
  }

  /// Whole runs, in which the network answers `0.8 tanh(x) + 0.1 sin(t / 100)`.
  @Test(arguments: [("euler", SamplingMethod.euler), ("euler_a", .eulerAncestral)], Training.allCases)
  func runs(_ sampler: (name: String, method: SamplingMethod), _ training: Training) throws {
    try onTorch {
      let table = try Fixture.decode("tables/steps.json", as: Runs.self)
      let runs = try #require(table.runs[sampler.name]?[training.rawValue])
      #expect(runs.count == 4)
      for (steps, expected) in runs {
        let noise = try NoiseSource(seed: 7, shape: [1, 4, 2, 3], device: .cpu)
        let ladder = SigmaLadder(training.schedule, steps: try #require(Int(steps)))
        var run = try sampler.method.start(ladder, noise: noise.draw())
        #expect(try difference(run.x, Tensor(expected.start, [1, 4, 2, 3])) < 1e-5)
        for (index, after) in expected.after.enumerated() {
          let point = try #require(run.point)
          let denoised = try Denoiser.picture(at: point, training.prediction) { x throws(TorchError) in
            try tanh(x) * 0.8 + 0.1 * sin(point.timestep / 100)
          }
          try run.resume(denoised: denoised, noise: noise)
          #expect(run.stepsDone == index + 1)
          let off = try difference(run.x, Tensor(after, [1, 4, 2, 3]))
          #expect(off < 1e-4, "\(steps) steps, after step \(index + 1)")
        }
        #expect(run.point == nil)
      }
    }
  }

  /// The order of draws is the reference's: the start, then one a step, the last included.
  @Test(arguments: [(SamplingMethod.euler, 1), (.eulerAncestral, 5)])
  func drawsOfARun(_ method: SamplingMethod, draws: Int) throws {
    let shape = [1, 4, 2, 3]
    let noise = try NoiseSource(seed: 7, shape: shape, device: .cpu)
    var run = try method.start(SigmaLadder(NoiseSchedule(), steps: 4), noise: noise.draw())
    while let point = run.point { try run.resume(denoised: point.x * 0.5, noise: noise) }
    let generator = try Generator(seed: 7)
    for _ in 0..<draws { _ = try generator.randn(shape) }
    #expect(try noise.draw().values(Float.self) == generator.randn(shape).values(Float.self))
  }

  struct Draws: Decodable {
    struct Row: Decodable { let seed: UInt64, calls: [Call] }
    struct Call: Decodable {
      let n: Int
      let first: [Float], last: [Float]
      let sum: Double, sumOfSquares: Double
    }

    let rows: [Row]
  }

  /// The same numbers as `torch.Generator("cpu")`, call after call.
  @Test func randomNumbers() throws {
    try onTorch {
      let table = try Fixture.decode("tables/random.json", as: Draws.self)
      #expect(table.rows.count == 48)
      for row in table.rows {
        let generator = try Generator(seed: row.seed)
        for call in row.calls {
          let values = try generator.randn([call.n])
          let ends = min(16, call.n)
          let first = try values.narrow(0, from: 0, length: ends).values(Float.self)
          let last = try values.narrow(0, from: call.n - ends, length: ends).values(Float.self)
          #expect(
            zip(first + last, call.first + call.last).allSatisfy { abs($0 - $1) <= 1e-6 }, "\(row.seed)")
          let exact = try values.to(.float64).reshape(1, -1)
          let ones = try Tensor.full(1, [call.n, 1], .float64)
          let sum = try matmul(exact, ones).values(Double.self)[0]
          let squares = try matmul(exact * exact, ones).values(Double.self)[0]
          #expect(abs(sum - call.sum) < 0.01, "\(row.seed), \(call.n)")
          #expect(
            abs(squares - call.sumOfSquares) < 0.01 + 1e-7 * call.sumOfSquares, "\(row.seed), \(call.n)")
        }
      }
    }
  }

  @Test func drawsFollowEachOther() throws {
    let noise = try NoiseSource(seed: 42, shape: [1, 4, 3, 5], device: .cpu)
    let generator = try Generator(seed: 42)
    for _ in 0..<3 {
      #expect(try noise.draw().values(Float.self) == generator.randn([1, 4, 3, 5]).values(Float.self))
    }
    let wrapped = try Generator(seed: 42 + 1 << 32)
    #expect(try wrapped.randn([16]).values(Float.self) == Generator(seed: 42).randn([16]).values(Float.self))
  }
}
