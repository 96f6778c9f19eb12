import Generation
import TestSupport
import Testing

@testable import Engine

/// What requests may ask of the samplers is what runs can do.
@Suite(.serialized) struct SamplingChoiceTests {
  let folder: TemporaryFolder
  let engine: TorchEngine

  init() throws {
    folder = try TemporaryFolder.withPocket()
    engine = try .forTests(folder)
  }

  /// - Returns: why there is no picture; `nil` when there is one.
  private func refusal(_ scheduler: SchedulerChoice, steps: Int = 2) async throws -> GenerationError? {
    let pocket = ModelSource(id: "pocket", path: folder.path("pocket.safetensors"))
    let request = GenerationRequest(
      model: pocket, prompt: "a red circle", negativePrompt: .zeros, width: 64, height: 64, steps: steps,
      cfgScale: 1, seed: 7, scheduler: scheduler)
    do {
      _ = try await engine.generate(request) { _ in }
      return nil
    } catch let error as GenerationError { return error }
  }

  @Test func everySamplerFollowsItsSchedules() async throws {
    for name in SchedulerName.allCases {
      for sigmas in SigmaSchedule.allCases {
        let refusal = try await refusal(SchedulerChoice(name, sigmas: sigmas))
        if name.sigmaSchedules.contains(sigmas) {
          #expect(refusal == nil, "\(name), \(sigmas)")
        } else {
          #expect(refusal?.kind == .invalidRequest && refusal?.field == "scheduler", "\(name), \(sigmas)")
        }
      }
    }
  }

  @Test func everySamplerFollowsItsSpacings() async throws {
    for name in SchedulerName.allCases {
      for spacing in TimestepSpacing.allCases where spacing != .leading {
        let refusal = try await refusal(SchedulerChoice(name, spacing: spacing))
        if name.spacings.contains(spacing) {
          #expect(refusal == nil, "\(name), \(spacing)")
        } else {
          #expect(refusal?.field == "timestep_spacing", "\(name), \(spacing)")
        }
      }
    }
  }

  @Test(arguments: [SchedulerName.lcm, .tcd]) func distilledSamplersHaveFiftySteps(_ name: SchedulerName)
    async throws
  {
    let expected = GenerationError(
      .invalidRequest, "\(name.rawValue) takes 1 to 50 steps, not 51", field: "steps")
    #expect(try await refusal(SchedulerChoice(name), steps: 51) == expected)
  }
}
