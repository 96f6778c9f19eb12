import ArgumentParser

@main
struct EngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "darkroom-engine", abstract: "Makes pictures for darkroom, which starts it.",
    subcommands: [HostCommand.self, BenchCommand.self], defaultSubcommand: HostCommand.self)
}
