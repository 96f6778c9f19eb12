import Foundation
import NN
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// A VAE in a file of its own, under each of the namings it may have, against diffusers' answers.
@Suite struct ExternalVAETests {
  /// The tiny VAE under LDM's names, without a prefix.
  private func ldm() throws -> SafetensorsCopy {
    var copy = try SafetensorsCopy(path: Fixture.path("Tests/Fixtures/tiny/vae.safetensors"))
    copy.tensors = Dictionary(
      uniqueKeysWithValues: copy.tensors.compactMap { key, tensor in
        key.dropping(SingleFileNames.vae).map { ($0, tensor) }
      })
    return copy
  }

  /// Under diffusers' names, as its own converters say them.
  private func diffusers() throws -> SafetensorsCopy {
    let table = try SingleFileNamesTests.table()
    var renamed = SafetensorsCopy()
    for (key, tensor) in try ldm().tensors {
      let target = try #require(table[SingleFileNames.vae + key]?.first)
      var tensor = tensor
      if target.operation == .squeeze { tensor.shape = Array(tensor.shape[..<2]) }
      renamed.tensors[try #require(target.name.dropping("vae."))] = tensor
    }
    return renamed
  }

  /// Under diffusers' names of before 0.18.
  private func oldDiffusers() throws -> SafetensorsCopy {
    var copy = try diffusers()
    let names = ["to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"]
    for (key, tensor) in copy.tensors {
      guard let name = names.first(where: { key.contains(".attentions.0.\($0.key).") }) else { continue }
      copy.tensors[key] = nil
      copy.tensors[key.replacing(".attentions.0.\(name.key).", with: ".attentions.0.\(name.value).")] = tensor
    }
    return copy
  }

  private func prefixed() throws -> SafetensorsCopy {
    var copy = SafetensorsCopy()
    for (key, tensor) in try ldm().tensors { copy.tensors[SingleFileNames.vae + key] = tensor }
    return copy
  }

  private func load(_ copy: SafetensorsCopy) throws -> ExternalVAE {
    let folder = try TemporaryFolder()
    return try ExternalVAE(path: folder.write(copy.encoded(), to: "own.safetensors"), options: .init())
  }

  private func refusal(_ copy: SafetensorsCopy) -> String? {
    let error = #expect(throws: CheckpointError.self) { try onTorch { _ = try load(copy) } }
    #expect(error?.description.hasPrefix("own.safetensors") == true)
    return error?.description
  }

  @Test func allNamingsAreTheSameVAE() throws {
    let recorded = try Recorded("tiny/vae")
    try onTorch {
      let latent = try recorded("in.3x5.latent") * AutoencoderKL.scalingFactor
      let picture = try recorded("in.24x40.image")
      var answers: [[Float]] = []
      for copy in try [ldm(), prefixed(), diffusers(), oldDiffusers()] {
        let vae = try load(copy).autoencoder
        let image = try vae.decode(latent)
        #expect(try difference(image, recorded("out.3x5.image")) < 1e-5)
        answers.append(try image.values(Float.self) + vae.encode(picture).values(Float.self))
      }
      for answer in answers { #expect(answer == answers[0]) }
    }
  }

  @Test func whatTrainingLeftIsPassedOver() throws {
    var copy = try ldm()
    for key in ["loss.logvar", "loss.discriminator.main.0.weight", "model_ema.decay"] {
      copy.tensors[key] = .init(.float32, zeros: [2])
    }
    _ = try onTorch { try load(copy) }
  }

  @Test func otherFilesAreSaidToBeWhatTheyAre() throws {
    #expect(refusal(try Changed.pocket()) == "own.safetensors is an SDXL checkpoint, not a VAE for SDXL")
    var lora = SafetensorsCopy()
    lora.tensors["lora_unet_x.lora_down.weight"] = .init(.float16, zeros: [4, 4])
    #expect(refusal(lora) == "own.safetensors is a LoRA, not a VAE for SDXL")
    var wide = try ldm()
    wide.tensors["decoder.conv_in.weight"] = .init(.float16, zeros: [32, 16, 3, 3])
    #expect(refusal(wide)?.contains("a VAE of 16 latent channels") == true)
  }

  @Test func whatIsMissingIsNamedAsTheFileWould() throws {
    func without(_ copy: SafetensorsCopy, _ key: String) -> String? {
      var copy = copy
      #expect(copy.tensors.removeValue(forKey: key) != nil)
      let said = refusal(copy)
      #expect(said == "own.safetensors: tensor \(key) is missing")
      return said
    }
    _ = without(try ldm(), "decoder.mid.attn_1.q.weight")
    _ = without(try ldm(), "decoder.up.3.block.0.norm1.weight")
    _ = without(try ldm(), "post_quant_conv.bias")
    _ = without(try prefixed(), "first_stage_model.encoder.down.0.downsample.conv.weight")
    _ = without(try diffusers(), "decoder.mid_block.attentions.0.to_q.weight")
    _ = without(try diffusers(), "decoder.up_blocks.3.resnets.2.norm1.weight")
    _ = without(try oldDiffusers(), "encoder.mid_block.attentions.0.proj_attn.bias")
    // All of an up level.
    var cut = try ldm()
    cut.tensors = cut.tensors.filter { !$0.key.hasPrefix("decoder.up.0.") }
    #expect(refusal(cut) == "own.safetensors: tensor decoder.up.0.block.0.norm1.weight is missing")
  }

  @Test(arguments: [
    "decoder.up.0.block.3.norm1.weight", "control.x", "first_stage_model.decoder.conv_in.weight",
    "decoder.up.0.attn.0.q.weight", "decoder.conv_in.extra",
  ]) func strangersAreRefused(_ key: String) throws {
    var copy = try ldm()
    copy.tensors[key] = .init(.float16, zeros: [2])
    #expect(refusal(copy)?.contains("is not part of a VAE for SDXL") == true)
    copy = try diffusers()
    copy.tensors["decoder.up_blocks.0.attentions.0.to_q.weight"] = .init(.float16, zeros: [2])
    #expect(refusal(copy)?.contains("is not part of a VAE for SDXL") == true)
  }

  @Test func shapesAndFormatsAreChecked() throws {
    var copy = try ldm()
    copy.tensors["decoder.conv_out.weight"] = .init(.float16, zeros: [4, 32, 3, 3])
    #expect(
      refusal(copy)
        == "own.safetensors: tensor decoder.conv_out.weight has shape [4, 32, 3, 3], expected [3, 32, 3, 3]")
    copy = try ldm()
    copy.tensors["decoder.conv_out.bias"] = .init(.int64, zeros: [3])
    #expect(refusal(copy)?.contains("is I64, expected floating-point numbers") == true)
  }
}
