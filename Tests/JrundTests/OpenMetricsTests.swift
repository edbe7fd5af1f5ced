import Runs
import Testing

@testable import jrund

@Suite struct OpenMetricsTests {
    @Test(arguments: [(0, "0.0"), (100, "0.0001"), (1_000_000, "1.0"), (2_500_000, "2.5"), (3_600_000_000, "3600.0")])
    func secondsAreWrittenInOneWay(microseconds: Int64, text: String) {
        #expect(OpenMetrics.seconds(microseconds) == text)
    }

    @Test func labelsAreEscaped() {
        var text = OpenMetrics()
        text.gauge("x", "a\nb", [(["l": "\"\\\n"], 1)])
        #expect(text.ended == "# TYPE x gauge\n# HELP x a\\nb\nx{l=\"\\\"\\\\\\n\"} 1\n# EOF\n")
    }

    @Test func histogramsCountUpToInfinity() {
        var histogram = MonitorTally.Histogram()
        histogram.add(90)
        histogram.add(300)
        histogram.add(5_000_000_000)
        var text = OpenMetrics()
        text.histogram("x_seconds", "h", label: "phase", [("run", histogram)])
        let lines = text.ended.split(separator: "\n")
        #expect(lines.contains("x_seconds_bucket{phase=\"run\",le=\"0.0001\"} 1"))
        #expect(lines.contains("x_seconds_bucket{phase=\"run\",le=\"0.0005\"} 2"))
        #expect(lines.contains("x_seconds_bucket{phase=\"run\",le=\"3600.0\"} 2"))
        #expect(lines.contains("x_seconds_bucket{phase=\"run\",le=\"+Inf\"} 3"))
        #expect(lines.contains("x_seconds_count{phase=\"run\"} 3"))
        #expect(lines.contains("x_seconds_sum{phase=\"run\"} 5000.00039"))
    }
}
