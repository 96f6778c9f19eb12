import Telemetry
import Testing

@Suite struct MetricTests {
  private struct Labels: MetricLabels {
    static let names = ["route", "status"]
    let route: String
    let status: Int

    var values: [String] { [route, String(status)] }
  }

  private func text(_ families: MetricFamily...) -> String {
    String(decoding: MetricFamily.text(families), as: UTF8.self)
  }

  @Test func counters() {
    let counter = Counter<Labels>("darkroom_requests_total", "Requests.")
    #expect(
      text(counter.family)
        == "# HELP darkroom_requests_total Requests.\n# TYPE darkroom_requests_total counter\n")
    counter.add(1, Labels(route: "/b", status: 200))
    counter.add(2, Labels(route: "/a", status: 404))
    counter.add(1, Labels(route: "/b", status: 200))
    #expect(
      text(counter.family).hasSuffix(
        """
        darkroom_requests_total{route="/a",status="404"} 2
        darkroom_requests_total{route="/b",status="200"} 2

        """))
    let plain = Counter<NoLabels>("a_total", "A.")
    #expect(text(plain.family).hasSuffix("a_total 0\n"))
    plain.add(3)
    #expect(text(plain.family).hasSuffix("a_total 3\n"))
  }

  /// Buckets hold what is at most their bound, and each all of the one before.
  @Test func histograms() {
    let histogram = Histogram<NoLabels>("a_seconds", "A.", bounds: [0.25, 1])
    for value in [0.125, 0.25, 0.5, 1, 2] { histogram.observe(value) }
    #expect(
      text(histogram.family) == """
        # HELP a_seconds A.
        # TYPE a_seconds histogram
        a_seconds_bucket{le="0.25"} 2
        a_seconds_bucket{le="1"} 4
        a_seconds_bucket{le="+Inf"} 5
        a_seconds_sum 3.875
        a_seconds_count 5

        """)
  }

  @Test func whatLabelsAndNumbersMayHold() {
    let family = MetricFamily(
      "a", "One\\two\n\"three\".", .gauge, by: "name",
      [("q\"b\\n\nü", 0.1), ("inf", .infinity), ("minus", -.infinity), ("nan", .nan), ("big", 1e300)])
    #expect(
      text(family) == """
        # HELP a One\\\\two\\n"three".
        # TYPE a gauge
        a{name="q\\"b\\\\n\\nü"} 0.1
        a{name="inf"} +Inf
        a{name="minus"} -Inf
        a{name="nan"} NaN
        a{name="big"} 1e+300

        """)
  }

  @Test func manyThreadsLoseNothing() async {
    let (counter, histogram) = (
      Counter<NoLabels>("a_total", "A."), Histogram<NoLabels>("b", "B.", bounds: [1])
    )
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 {
            counter.add()
            histogram.observe(0.5)
          }
        }
      }
    }
    #expect(text(counter.family).hasSuffix("a_total 8000\n"))
    #expect(text(histogram.family).hasSuffix("b_count 8000\n"))
  }
}
