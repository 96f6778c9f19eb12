import Generation

extension SchedulerNames {
  /// One sampler's names; those that only differ in case or separators are the same.
  struct Spellings {
    let id: String
    /// AUTOMATIC1111's, for the text in the picture too.
    let a1111: String
    /// The class; `nil` where it is another sampler's, told apart by its options.
    let diffusers: String?
    /// ComfyUI's, k-diffusion's and InvokeAI's.
    let others: [String]

    var all: [String] {
      // Several tools write one name alike.
      var seen: Set<String> = []
      return ([id, a1111, diffusers].compactMap(\.self) + others).filter { seen.insert(normal($0)).inserted }
    }
  }

  // Switches, so that a new sampler or schedule cannot be forgotten here.
  static func spellings(of name: SchedulerName) -> Spellings {
    func names(_ a1111: String, _ diffusers: String?, _ others: String...) -> Spellings {
      Spellings(id: name.rawValue, a1111: a1111, diffusers: diffusers, others: others)
    }
    return switch name {
    case .eulerAncestral:
      names(
        "Euler a", "EulerAncestralDiscreteScheduler", "euler_ancestral", "k_euler_a", "k_euler_ancestral")
    case .euler: names("Euler", "EulerDiscreteScheduler", "k_euler")
    case .heun: names("Heun", "HeunDiscreteScheduler", "k_heun")
    case .dpmpp2M: names("DPM++ 2M", "DPMSolverMultistepScheduler", "k_dpmpp_2m")
    case .dpmpp2MSDE: names("DPM++ 2M SDE", nil, "k_dpmpp_2m_sde")
    case .ddim: names("DDIM", "DDIMScheduler")
    case .uniPC: names("UniPC", "UniPCMultistepScheduler", "uni_pc", "uni_pc_bh2")
    case .lcm: names("LCM", "LCMScheduler")
    case .tcd: names("TCD", "TCDScheduler")
    case .dpm2: names("DPM2", "KDPM2DiscreteScheduler", "dpm_2", "k_dpm_2")
    case .dpm2Ancestral:
      names(
        "DPM2 a", "KDPM2AncestralDiscreteScheduler", "dpm_2_ancestral", "k_dpm_2_a", "k_dpm_2_ancestral")
    case .lms: names("LMS", "LMSDiscreteScheduler", "k_lms")
    }
  }

  /// What follows a sampler's spelling; the id's ending first.
  static func spellings(of sigmas: SigmaSchedule) -> [String] {
    switch sigmas {
    case .normal: [""]
    case .karras: ["karras", "ka", "k"]
    case .exponential: ["exponential", "exp"]
    case .beta: ["beta"]
    case .ays: ["ays", "align_your_steps"]
    }
  }

  /// AUTOMATIC1111's name of before 1.9, which holds the schedule too.
  static func a1111(_ choice: SchedulerChoice) -> String {
    let sampler = spellings(of: choice.name).a1111
    return choice.sigmas == .normal ? sampler : "\(sampler) \(scheduleType(choice))"
  }

  /// AUTOMATIC1111's `Schedule type`.
  ///
  /// Its `Automatic` is Karras or exponential for some samplers (`modules/sd_samplers_kdiffusion.py`, 1.9 and
  /// later), so the training's levels have to be named there.
  static func scheduleType(_ choice: SchedulerChoice) -> String {
    switch choice.sigmas {
    case .normal:
      switch choice.name {
      case .dpmpp2M, .dpmpp2MSDE, .dpm2, .dpm2Ancestral: "Uniform"
      case .eulerAncestral, .euler, .heun, .ddim, .uniPC, .lcm, .tcd, .lms: "Automatic"
      }
    case .karras: "Karras"
    case .exponential: "Exponential"
    case .beta: "Beta"
    case .ays: "Align Your Steps"
    }
  }
}
