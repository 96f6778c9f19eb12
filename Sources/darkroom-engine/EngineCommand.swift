import ArgumentParser
import Foundation

@main
struct EngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "darkroom-engine", abstract: "Makes pictures for darkroom, which starts it.",
    subcommands: [HostCommand.self, BenchCommand.self], defaultSubcommand: HostCommand.self)
}

extension EngineCommand {
  /// What the C libraries read before `main`; a setting of the user's own stays.
  private static let environment = [
    // Workers that wait spin by default; two teams on two cores then slow each other many times over.
    "OMP_WAIT_POLICY": "passive",
    // Large blocks on huge pages: a feature map is new memory at every step, and its page faults cost up to a third
    // of the time.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    // oneDNN keeps the code it made for each shape, a thousand of them by default, and every size of picture has shapes
    // of its own: memory grew by hundreds of megabytes. One size has fewer than these. (The first name is the old one.)
    "DNNL_PRIMITIVE_CACHE_CAPACITY": "256",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "256",
  ]

  static func main() {
    let missing = environment.filter { getenv($0.key) == nil }
    if !missing.isEmpty, missing.allSatisfy({ setenv($0.key, $0.value, 1) == 0 }),
      let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    {
      // The same program anew, with the same descriptors. It goes on as it is where that cannot be.
      _ = execv(program, CommandLine.unsafeArgv)
    }
    Self.main(nil)
  }
}
