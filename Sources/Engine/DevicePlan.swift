import Foundation
import StableDiffusion
public import Torch

/// Which device and number formats are used, and why, in words.
public struct DevicePlan: Sendable {
  public let device: Device
  public let dtype: DType
  public let vaeDtype: DType
  /// The GPU's name, where there is one and the driver tells.
  public let deviceName: String?
  /// One line for the log.
  public let reason: String

  /// - Throws: `DeviceUnavailable` for a GPU that is not there, or a format the device cannot compute in.
  public init(_ configuration: EngineConfiguration) throws(DeviceUnavailable) {
    let gpus = Device.cudaCount
    let why: String
    switch configuration.device {
    case .fixed(.cuda(let index)) where index >= gpus:
      throw DeviceUnavailable(
        message: gpus == 0
          ? "cuda:\(index) was asked for, but libtorch \(Runtime.version) sees no GPU"
          : "cuda:\(index) was asked for, but there are \(gpus) GPUs")
    case .fixed(let device): (self.device, why) = (device, "asked for")
    case .automatic where gpus > 0: (device, why) = (.cuda(0), "the first of \(gpus) GPUs")
    case .automatic: (device, why) = (.cpu, "libtorch \(Runtime.version) sees no GPU")
    }
    switch configuration.dtype {
    case .fixed(.float16) where device == .cpu:
      throw DeviceUnavailable(message: "float16 was asked for, but libtorch computes no float16 on the CPU")
    case .fixed(let dtype): self.dtype = dtype
    case .automatic where device != .cpu: dtype = .float16
    case .automatic: dtype = Self.cpuHasBFloat16 ? .bfloat16 : .float32
    }
    switch configuration.vaeDtype {
    case .fixed(.float16) where device == .cpu:
      throw DeviceUnavailable(
        message: "float16 was asked for the VAE, but libtorch computes no float16 on the CPU")
    case .fixed(let dtype): vaeDtype = dtype
    // A small part of the time, and the last rounding before the pixels.
    case .automatic: vaeDtype = .float32
    }
    deviceName = Self.name(of: device)
    reason =
      "\(device)\(deviceName.map { " (\($0))" } ?? ""): \(why); \(dtype.rawValue), VAE in \(vaeDtype.rawValue)"
  }

  var options: StableDiffusionXL.Options { .init(device: device, dtype: dtype, vaeDtype: vaeDtype) }

  /// Whether the processor multiplies bfloat16 itself: without, it is slower than float32.
  private static var cpuHasBFloat16: Bool {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let flags = text.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    return flags.split(separator: " ").contains { $0 == "avx512_bf16" || $0 == "amx_bf16" }
  }

  /// The driver lists its GPUs as folders, in the order of their bus numbers, which is CUDA's by default for
  /// one GPU and nearly always for several.
  private static func name(of device: Device) -> String? {
    guard case .cuda(let index) = device else { return nil }
    let root = "/proc/driver/nvidia/gpus"
    let folders = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted()
    guard index < folders.count,
      let text = try? String(contentsOfFile: "\(root)/\(folders[index])/information", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Model:") })
    else { return nil }
    return line.dropFirst("Model:".count).trimmingCharacters(in: .whitespaces)
  }
}

/// A device or number format that was asked for and is not to be had.
public struct DeviceUnavailable: Error, CustomStringConvertible {
  public let message: String
  public var description: String { message }
}
