import Foundation
import NN
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// What a checkpoint says of its training, and the number formats it may keep its weights in.
@Suite struct CheckpointMarksTests {
  private typealias Mark<Value: Sendable & Equatable> = Checkpoint.Mark<Value>

  private func checkpoint(
    _ keys: [String], metadata: [String: String] = [:], in folder: TemporaryFolder
  ) throws -> Checkpoint {
    var copy = try Changed.pocket()
    for key in keys { copy.tensors[key] = .init(.float32, zeros: [0]) }
    copy.metadata = metadata
    return try Checkpoint(path: folder.write(copy.encoded(), to: "marked.safetensors"))
  }

  @Test func markersSayHowItWasTrained() throws {
    let folder = try TemporaryFolder()
    let plain = try Checkpoint(path: Pocket.path)
    #expect(plain.markedPrediction == nil && plain.markedZeroTerminalSNR == nil)
    let marked = try checkpoint(["v_pred", "ztsnr"], in: folder)
    #expect(marked.markedPrediction == Mark(value: .vPrediction, source: "v_pred key"))
    #expect(marked.markedZeroTerminalSNR == Mark(value: true, source: "ztsnr key"))
    let model = try StableDiffusionXL(marked, vocabulary: Pocket.vocabulary(), options: .init())
    #expect(model.prediction == .vPrediction && model.zeroTerminalSNR)
    let told = try StableDiffusionXL(
      marked, vocabulary: Pocket.vocabulary(), options: .init(),
      training: .init(prediction: .epsilon, zeroTerminalSNR: false))
    #expect(told.prediction == .epsilon && !told.zeroTerminalSNR)
  }

  @Test(arguments: [
    ("v", "modelspec.prediction_type"), ("v_prediction", "modelspec.prediction_type"), ("epsilon", nil),
    ("x0", nil), ("", nil),
  ]) func aNoteCountsWhereThereIsNoKey(_ note: String, _ source: String?) throws {
    let folder = try TemporaryFolder()
    let notes = ["modelspec.prediction_type": note]
    let noted = try checkpoint([], metadata: notes, in: folder)
    #expect(noted.markedPrediction == source.map { Mark(value: .vPrediction, source: $0) })
    let keyed = try checkpoint(["v_pred"], metadata: notes, in: folder)
    #expect(keyed.markedPrediction == Mark(value: .vPrediction, source: "v_pred key"))
  }

  /// Every format, mixed tensor by tensor, against the same numbers as float32.
  @Test func everyNumberFormatIsReadAlike() throws {
    var mixed = try Changed.pocket()
    var plain = mixed
    var formats: Set<Safetensors.DType> = []
    for (index, key) in mixed.tensors.keys.sorted().enumerated() {
      guard let tensor = mixed.tensors[key], tensor.dtype == .float16 else { continue }
      // A multiple of two bytes at any address.
      let halves = stride(from: 0, to: tensor.data.count, by: 2).map { place -> UInt16 in
        let start = tensor.data.startIndex + place
        return UInt16(tensor.data[start]) | UInt16(tensor.data[start + 1]) << 8
      }
      let format = Self.formats[index % Self.formats.count]
      let (data, values) = Self.encode(halves, format)
      mixed.tensors[key] = .init(format, tensor.shape, data)
      plain.tensors[key] = .init(.float32, tensor.shape, values.withUnsafeBytes { Data($0) })
      formats.insert(format)
    }
    #expect(formats.count == 6)
    let folder = try TemporaryFolder()
    let one = try Checkpoint(path: folder.write(mixed.encoded(), to: "mixed.safetensors"))
    let two = try Checkpoint(path: folder.write(plain.encoded(), to: "plain.safetensors"))
    try onTorch {
      let (ones, twos) = (Self.weights(one), Self.weights(two))
      for (name, source) in one.sources {
        let shape = try #require(source.shape)
        let same =
          try ones.tensor(name, shape).values(Float.self) == twos.tensor(name, shape).values(Float.self)
        #expect(same, "\(name)")
      }
    }
  }

  private static let formats: [Safetensors.DType] = [
    .float64, .float32, .float16, .bfloat16, .float8E4M3, .float8E5M2,
  ]

  private static func weights(_ checkpoint: Checkpoint) -> Weights {
    Weights(WeightStore(checkpoint.file, sources: checkpoint.sources))
  }

  /// The numbers in a format, cut to what it holds, and what they are then. 8-bit codes are those that the bits
  /// happen to be, so that all occur, without NaN, which no number equals.
  private static func encode(_ halves: [UInt16], _ format: Safetensors.DType) -> (Data, [Float]) {
    let floats = halves.map { Float(Float16(bitPattern: $0)) }
    func bytes<Word>(_ words: [Word]) -> Data { words.withUnsafeBytes { Data($0) } }
    switch format {
    case .float64: return (bytes(floats.map(Double.init)), floats)
    case .float32: return (bytes(floats), floats)
    case .bfloat16:
      let cut = floats.map { UInt16($0.bitPattern >> 16) }
      return (bytes(cut), cut.map { Float(bitPattern: UInt32($0) << 16) })
    case .float8E4M3:
      let codes = halves.map {
        UInt8(truncatingIfNeeded: $0) & 0x7F == 0x7F ? 0 : UInt8(truncatingIfNeeded: $0)
      }
      return (bytes(codes), codes.map(e4m3))
    case .float8E5M2:
      let codes = halves.map { UInt8($0 >> 8) }
      return (bytes(codes), codes.map { Float(Float16(bitPattern: UInt16($0) << 8)) })
    default: return (bytes(halves), floats)
    }
  }

  /// The value of an E4M3 code by its definition: (−1)ˢ 2ᵉ⁻⁷ (1 + m/8), below the least exponent 2⁻⁶ m/8.
  private static func e4m3(_ code: UInt8) -> Float {
    let (exponent, mantissa) = (Int(code >> 3 & 0xF), Float(code & 7) / 8)
    let size =
      exponent == 0
      ? mantissa / 64 : (1 + mantissa) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
    return code & 0x80 == 0 ? size : -size
  }
}
