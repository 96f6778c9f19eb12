import Synchronization

/// What a metric is counted by.
public protocol MetricLabels: Hashable, Sendable {
  static var names: [String] { get }
  /// In the order of the names.
  var values: [String] { get }
}

/// Of a metric that is one number.
public struct NoLabels: MetricLabels {
  public static var names: [String] { [] }
  public var values: [String] { [] }

  public init() {}
}

/// A number for each set of labels that only grows.
public final class Counter<Labels: MetricLabels>: Sendable {
  private let name: String
  private let help: String
  private let counts: Mutex<[Labels: Int]>

  /// - Parameter known: labels that are told of before anything is counted.
  public init(_ name: String, _ help: String, known: [Labels] = []) {
    (self.name, self.help) = (name, help)
    counts = Mutex(Dictionary(known.map { ($0, 0) }, uniquingKeysWith: { $1 }))
  }

  public func add(_ amount: Int = 1, _ labels: Labels) {
    counts.withLock { $0[labels, default: 0] += amount }
  }

  public var family: MetricFamily {
    let counts = counts.withLock { $0 }
    return MetricFamily(
      name, help, .counter,
      counts.sorted(by: { $0.key.values.lexicographicallyPrecedes($1.key.values) }).map {
        MetricFamily.Sample(labels: $0.key.pairs, value: Double($0.value))
      })
  }
}

extension Counter where Labels == NoLabels {
  public convenience init(_ name: String, _ help: String) { self.init(name, help, known: [NoLabels()]) }

  public func add(_ amount: Int = 1) { add(amount, NoLabels()) }
}

/// How often values fell under each of some bounds, for each set of labels.
public final class Histogram<Labels: MetricLabels>: Sendable {
  private struct Row: Sendable {
    /// Of values at most the bound of that place and above the one before; the last is for the rest.
    var counts: [Int]
    var sum = 0.0

    mutating func note(_ value: Double, _ place: Int) {
      counts[place] += 1
      sum += value
    }
  }

  private let name: String
  private let help: String
  /// Ascending.
  private let bounds: [Double]
  private let rows: Mutex<[Labels: Row]>

  /// - Parameters:
  ///   - bounds: ascending, without infinity.
  ///   - known: labels that are told of before anything is counted.
  public init(_ name: String, _ help: String, bounds: [Double], known: [Labels] = []) {
    (self.name, self.help, self.bounds) = (name, help, bounds)
    let empty = Row(counts: [Int](repeating: 0, count: bounds.count + 1))
    rows = Mutex(Dictionary(known.map { ($0, empty) }, uniquingKeysWith: { $1 }))
  }

  public func observe(_ value: Double, _ labels: Labels) {
    let place = bounds.firstIndex { value <= $0 } ?? bounds.count
    rows.withLock { rows in
      rows[labels, default: Row(counts: [Int](repeating: 0, count: bounds.count + 1))].note(value, place)
    }
  }

  public var family: MetricFamily {
    let rows = rows.withLock { $0 }
    let sorted = rows.sorted { $0.key.values.lexicographicallyPrecedes($1.key.values) }
    return MetricFamily(name, help, .histogram, sorted.flatMap { samples($0.key, $0.value) })
  }

  private func samples(_ labels: Labels, _ row: Row) -> [MetricFamily.Sample] {
    var samples: [MetricFamily.Sample] = []
    var total = 0
    for (bound, count) in zip(bounds + [.infinity], row.counts) {
      total += count
      samples.append(
        .init(
          suffix: "_bucket", labels: labels.pairs + [("le", MetricFamily.number(bound))], value: Double(total)
        ))
    }
    samples.append(.init(suffix: "_sum", labels: labels.pairs, value: row.sum))
    samples.append(.init(suffix: "_count", labels: labels.pairs, value: Double(total)))
    return samples
  }
}

extension Histogram where Labels == NoLabels {
  public convenience init(_ name: String, _ help: String, bounds: [Double]) {
    self.init(name, help, bounds: bounds, known: [NoLabels()])
  }

  public func observe(_ value: Double) { observe(value, NoLabels()) }
}

extension MetricLabels {
  fileprivate var pairs: [(name: String, value: String)] {
    zip(Self.names, values).map { (name: $0, value: $1) }
  }
}
