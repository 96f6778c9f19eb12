import CheckpointKinds
import NN
import Safetensors
public import Torch

/// A VAE from a file of its own, in place of a checkpoint's.
///
/// Not Sendable: it holds tensors, on the thread that owns them. Stable Diffusion 1.5's VAE has the same names and
/// shapes as SDXL's and is taken for one.
public final class ExternalVAE {
  /// The file's base name.
  public let file: String
  let autoencoder: AutoencoderKL
  private let parameters: ParameterTable
  private let source: SafetensorsFile
  private let options: StableDiffusionXL.Options

  /// Reads every weight.
  /// - Parameters:
  ///   - path: a safetensors file under LDM's names (with or without `first_stage_model.`) or diffusers'.
  ///   - options: `vaeDtype` is the format it computes in.
  ///   - progress: called with the bytes just read; what it throws ends the loading.
  /// - Throws: `CheckpointError` for a file that is not a VAE of four latent channels, or a tensor that is missing,
  ///   misshapen or of no use; `TorchError`.
  public init(
    path: String, options: StableDiffusionXL.Options, progress: @escaping (Int) throws -> Void = { _ in }
  ) throws {
    (source, (autoencoder, parameters)) = try CheckpointError.wrapping {
      let file = try SafetensorsFile(path: path)
      try file.requireVAE()
      return (file, try Self.load(file, options, progress))
    }
    (file, self.options) = (source.name, options)
  }

  /// The same file, read again in float32.
  func inFloat32() throws -> AutoencoderKL {
    var exact = options
    exact.vaeDtype = .float32
    return try CheckpointError.wrapping { try Self.load(source, exact) { _ in }.autoencoder }
  }

  /// The first tensor of the file that has numbers which are not finite; `nil` where all are. Looks at every weight.
  public func damage() throws(TorchError) -> CheckpointError? { try parameters.damage() }

  private static func load(
    _ file: SafetensorsFile, _ options: StableDiffusionXL.Options, _ progress: @escaping (Int) throws -> Void
  ) throws -> (autoencoder: AutoencoderKL, parameters: ParameterTable) {
    let names = VAEFileNames(keys: file.header.names)
    do {
      var sources: [String: WeightSource] = [:]
      for key in file.header.names where !names.passesOver(key) {
        guard let info = file.header.tensors[key] else { continue }
        guard let target = names.target(key), sources[target.name] == nil else {
          throw WeightError(file: file.name, tensor: key, problem: .unexpected)
        }
        sources[target.name] = WeightSource(info, target.operation)
      }
      let store = WeightStore(
        file, sources: sources, fileName: names.key, device: options.device, progress: progress)
      let weights = Weights(store, path: "vae", dtype: options.vaeDtype)
      try Topology.checkVAE(weights)
      let autoencoder = try AutoencoderKL(weights)
      if let name = store.unused.first {
        throw WeightError(file: file.name, tensor: store.fileName(of: name), problem: .unexpected)
      }
      return (autoencoder, store.parameters)
    } catch let error as WeightError where error.problem == .unexpected {
      throw CheckpointError("\(file.name): tensor \(error.tensor) is not part of a VAE for SDXL")
    }
  }
}
