import ArgumentParser
import Engine
import Foundation

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Times the stages of the raw pipeline; prints medians as JSON.")

  @Argument(help: "The checkpoint.") var checkpoint: String
  @Option(help: "The picture's size, WIDTHxHEIGHT.") var size = "1024x1024"
  @Option(help: "Measurements of each stage, after one that is not counted.") var rounds = 5
  @Option(help: "How often the checkpoint is loaded.") var loads = 1
  @Option(help: "Stages to measure: load, text, step, decode, encode; all by default.") var stages: String?
  @OptionGroup var options: DeviceOptions

  func run() throws {
    var bench = EngineBench.Options(path: checkpoint)
    (bench.width, bench.height) = try sides()
    guard (1...1000).contains(rounds), (1...1000).contains(loads) else {
      throw ValidationError("--rounds and --loads are from 1 to 1000.")
    }
    (bench.rounds, bench.loads) = (rounds, loads)
    if let stages { bench.stages = try Set(stages.split(separator: ",").map(stage)) }
    do {
      let report = try EngineBench(bench, options.configuration()).run { DeviceOptions.say($0) }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      print(String(decoding: try encoder.encode(report), as: UTF8.self))
    } catch {
      DeviceOptions.say("\(error)")
      throw ExitCode.failure
    }
  }

  private func sides() throws -> (Int, Int) {
    let sides = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard sides.count == 2, sides.allSatisfy({ (64...2048).contains($0) && $0 % 8 == 0 }) else {
      throw ValidationError("--size is WIDTHxHEIGHT, multiples of 8 from 64 to 2048, not \(size).")
    }
    return (sides[0], sides[1])
  }

  private func stage(_ name: Substring) throws -> EngineBench.Stage {
    guard let stage = EngineBench.Stage(rawValue: String(name)) else {
      let known = EngineBench.Stage.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--stages knows \(known), not \(name).")
    }
    return stage
  }
}
