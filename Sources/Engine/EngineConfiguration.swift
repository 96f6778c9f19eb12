public import Torch

/// What an engine is started with.
public struct EngineConfiguration: Sendable {
  public var vocabulary: VocabularyFile
  public var device: Choice<Device>
  public var dtype: Choice<DType>
  public var vaeDtype: Choice<DType>
  /// Threads of one operation on the CPU; libtorch decides when `nil`.
  public var threads: Int?

  /// A setting, or the engine's best guess.
  public enum Choice<Value: Sendable>: Sendable {
    case automatic
    case fixed(Value)
  }

  /// - Parameters: device `auto`, `cpu`, `cuda` or `cuda:N`; dtype and vaeDtype `auto`, `float32`, `bfloat16` or
  ///   `float16`.
  /// - Throws: `DeviceUnavailable` for any other name.
  public init(
    vocabulary: VocabularyFile, device: String = "auto", dtype: String = "auto", vaeDtype: String = "auto",
    threads: Int? = nil
  ) throws(DeviceUnavailable) {
    guard let device = Choice<Device>(name: device) else {
      throw DeviceUnavailable(message: "--device is auto, cpu, cuda or cuda:N, not \(device)")
    }
    guard let dtype = Choice<DType>(name: dtype) else {
      throw DeviceUnavailable(message: "--dtype is auto, float32, bfloat16 or float16, not \(dtype)")
    }
    guard let vaeDtype = Choice<DType>(name: vaeDtype) else {
      throw DeviceUnavailable(message: "--vae-dtype is auto, float32, bfloat16 or float16, not \(vaeDtype)")
    }
    (self.vocabulary, self.device, self.threads) = (vocabulary, device, threads)
    (self.dtype, self.vaeDtype) = (dtype, vaeDtype)
  }
}

extension EngineConfiguration.Choice<Device> {
  fileprivate init?(name: String) {
    switch name {
    case "auto": self = .automatic
    case "cpu": self = .fixed(.cpu)
    case "cuda": self = .fixed(.cuda(0))
    default:
      let digits = name.dropFirst("cuda:".count)
      // Digits only: UInt8 would take "+1" too.
      let areDigits = digits.utf8.allSatisfy { (48...57).contains($0) }
      guard name.hasPrefix("cuda:"), areDigits, let index = UInt8(digits) else { return nil }
      self = .fixed(.cuda(Int(index)))
    }
  }
}

extension EngineConfiguration.Choice<DType> {
  fileprivate init?(name: String) {
    if name == "auto" {
      self = .automatic
    } else if let dtype = DType(rawValue: name), [.float32, .bfloat16, .float16].contains(dtype) {
      self = .fixed(dtype)
    } else {
      return nil
    }
  }
}
