import Foundation
import Glibc
import Telemetry

/// What the system knows of the server and its engine, from procfs, which answers without waiting for a disk.
enum ProcessFigures {
  /// - Parameter engine: the engine's process, while there is one.
  static func families(engine: Int32?) -> [MetricFamily] {
    let processes = [("server", getpid())] + (engine.map { [("engine", $0)] } ?? [])
    func gauge(_ name: String, _ help: String, _ figure: (Int32) -> Double?) -> MetricFamily {
      let values = processes.compactMap { name, id in figure(id).map { (name, $0) } }
      return MetricFamily(name, help, .gauge, by: "process", values)
    }
    var families = [
      gauge("process_resident_memory_bytes", "Memory in use.", residentBytes),
      gauge("process_start_time_seconds", "When it began, in Unix time.", startTime),
    ]
    if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
      // One of them was the listing's own.
      families.append(
        MetricFamily("process_open_fds", "Descriptors the server has open.", .gauge, Double(max(0, open - 1)))
      )
    }
    return families
  }

  /// The second number of statm: pages of memory.
  private static func residentBytes(_ id: Int32) -> Double? {
    words(of: "\(id)/statm").dropFirst().first.flatMap { Double($0) }.map { $0 * Double(getpagesize()) }
  }

  /// The 22nd field of stat, in clock ticks since the machine began. The second one, a name, may hold blanks and
  /// ends with the last bracket.
  private static func startTime(_ id: Int32) -> Double? {
    guard let fields = text(of: "\(id)/stat")?.split(separator: ")").last?.split(separator: " "),
      fields.count > 19, let ticks = Double(fields[19]), let booted
    else { return nil }
    return booted + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// When the machine began, in Unix seconds.
  private static let booted: Double? = {
    let line = text(of: "stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
    return line?.split(separator: " ").last.flatMap { Double($0) }
  }()

  private static func words(of file: String) -> [Substring] { text(of: file)?.split(separator: " ") ?? [] }

  private static func text(of file: String) -> String? {
    try? String(contentsOfFile: "/proc/\(file)", encoding: .utf8)
  }
}
