import Testing
import Torch

@testable import StableDiffusion

/// The training's schedule and the noise against diffusers' and torch's numbers (Tests/Fixtures/tables).
@Suite struct SamplingTests {
  struct Tables: Decodable { let alphasCumprod: [String: [Double]] }

  private func relative(_ actual: Double, _ expected: Double) -> Double {
    actual == expected ? 0 : abs(actual - expected) / abs(expected)
  }

  @Test(arguments: Training.allCases) func signalShares(_ training: Training) throws {
    let table = try Fixture.decode("tables/schedules.json", as: Tables.self)
    let expected = try #require(table.alphasCumprod[training.rawValue])
    let alphas = training.schedule.alphasCumprod
    #expect(alphas.count == expected.count)
    // The reference's square roots of a rescaled schedule are not always the nearest float32.
    let bound = training == .epsilon ? 6e-8 : 5e-6
    #expect(zip(alphas, expected).map(relative).max() ?? 1 < bound)
    #expect(zip(alphas, alphas.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test func sigmasBetweenTimestepsAreInterpolated() {
    let schedule = NoiseSchedule()
    let (low, high) = (schedule.sigma(at: 10), schedule.sigma(at: 11))
    #expect(abs(schedule.sigma(at: 10.25) - (0.75 * low + 0.25 * high)) < 1e-12)
    #expect(schedule.sigma(at: -1) == schedule.sigma(at: 0))
    #expect(schedule.sigma(at: 5000) == schedule.sigma(at: 999))
  }

  @Test func timestepsOfSigmas() {
    for schedule in [NoiseSchedule(), NoiseSchedule(.zeroSNR)] {
      for timestep in [0, 1, 13, 500, 998, 999] as [Double] {
        #expect(abs(schedule.timestep(of: schedule.sigma(at: timestep)) - timestep) < 1e-3)
      }
      // Between two of the training's: in the logarithm.
      let middle = (schedule.sigma(at: 20) * schedule.sigma(at: 21)).squareRoot()
      #expect(abs(schedule.timestep(of: middle) - 20.5) < 1e-3)
      #expect(schedule.timestep(of: 0) == 0)
      #expect(schedule.timestep(of: 1e6) == 999)
    }
  }

  @Test func terminalTimesteps() {
    let kept = NoiseSchedule(.zeroSNR).alphasCumprod, none = NoiseSchedule(.exactlyZeroSNR).alphasCumprod
    #expect(kept.dropLast() == none.dropLast())
    #expect(kept.last == NoiseSchedule.terminalAlpha && none.last == 0)
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
