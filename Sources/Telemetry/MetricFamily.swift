/// One metric of the Prometheus text format 0.0.4, with all its samples.
public struct MetricFamily: Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// Only grows; its name ends in `_total`.
    case counter
    case gauge
    case histogram
  }

  public struct Sample: Sendable, Equatable {
    /// Follows the family's name, such as `_bucket`.
    var suffix = ""
    var labels: [(name: String, value: String)] = []
    var value: Double

    public static func == (one: Sample, other: Sample) -> Bool {
      one.suffix == other.suffix && one.value == other.value
        && one.labels.elementsEqual(other.labels) { $0 == $1 }
    }
  }

  public let name: String
  /// One sentence.
  public let help: String
  public let kind: Kind
  let samples: [Sample]

  init(_ name: String, _ help: String, _ kind: Kind, _ samples: [Sample]) {
    (self.name, self.help, self.kind, self.samples) = (name, help, kind, samples)
  }

  /// A metric without labels.
  public init(_ name: String, _ help: String, _ kind: Kind, _ value: Double) {
    self.init(name, help, kind, [Sample(value: value)])
  }

  /// A metric with one label.
  public init(_ name: String, _ help: String, _ kind: Kind, by label: String, _ values: [(String, Double)]) {
    self.init(name, help, kind, values.map { Sample(labels: [(label, $0.0)], value: $0.1) })
  }

  /// The whole text of `GET /metrics`, with Content-Type `contentType`.
  public static func text(_ families: [MetricFamily]) -> [UInt8] {
    var text = ""
    for family in families { family.write(to: &text) }
    return Array(text.utf8)
  }

  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private func write(to text: inout String) {
    text += "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) \(kind.rawValue)\n"
    for sample in samples {
      text += name + sample.suffix
      if !sample.labels.isEmpty {
        let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
        text += "{" + labels.joined(separator: ",") + "}"
      }
      text += " \(Self.number(sample.value))\n"
    }
  }

  private static func escaped(_ text: String, quotes: Bool = false) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int(exactly: value).map(String.init) ?? "\(value)"
  }
}
