import Generation
import StableDiffusion

// Switches, so that what a request can name and what a run can do stay the same.

extension SamplingPlan {
  /// - Throws: `SamplingError` when the sampler cannot do this.
  init(_ choice: SchedulerChoice, steps: Int) throws(SamplingError) {
    try self.init(
      SamplingMethod(choice.name), sigmas: StableDiffusion.SigmaSchedule(choice.sigmas),
      spacing: StableDiffusion.TimestepSpacing(choice.spacing), steps: steps, eta: choice.eta)
  }
}

extension SamplingMethod {
  init(_ name: SchedulerName) {
    self =
      switch name {
      case .eulerAncestral: .eulerAncestral
      case .euler: .euler
      case .heun: .heun
      case .dpmpp2M: .dpmpp2M
      case .dpmpp2MSDE: .dpmpp2MSDE
      case .ddim: .ddim
      case .uniPC: .uniPC
      case .lcm: .lcm
      case .tcd: .tcd
      case .dpm2: .dpm2
      case .dpm2Ancestral: .dpm2Ancestral
      case .lms: .lms
      }
  }
}

extension StableDiffusion.SigmaSchedule {
  init(_ sigmas: Generation.SigmaSchedule) {
    self =
      switch sigmas {
      case .normal: .normal
      case .karras: .karras
      case .exponential: .exponential
      case .beta: .beta
      case .ays: .ays
      }
  }
}

extension StableDiffusion.TimestepSpacing {
  init(_ spacing: Generation.TimestepSpacing) {
    self =
      switch spacing {
      case .leading: .leading
      case .trailing: .trailing
      case .linspace: .linspace
      }
  }
}
