import Testing

@testable import Runs

@Suite struct HistogramTests {
    @Test func everyValueIsCountedOnceAtItsBound() {
        var histogram = MonitorTally.Histogram()
        for bound in MonitorTally.Histogram.bounds { histogram.add(bound) }
        histogram.add(MonitorTally.Histogram.bounds.last! + 1)
        #expect(histogram.counts == Array(repeating: 1, count: MonitorTally.Histogram.bounds.count + 1))
        #expect(histogram.sum == MonitorTally.Histogram.bounds.reduce(0, +) + MonitorTally.Histogram.bounds.last! + 1)
    }
}
