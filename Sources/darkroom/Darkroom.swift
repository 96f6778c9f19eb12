import ArgumentParser

/// Turns prompts into pictures with SDXL-family models, over HTTP and from the command line.
@main
struct Darkroom: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "darkroom",
    abstract: "Turns prompts into pictures with SDXL-family models.",
    discussion: "Every option has an environment variable, DARKROOM_ and its name in capitals; options win.",
    version: version,
    subcommands: [ServeCommand.self, GenerateCommand.self, ModelsCommand.self])
}
