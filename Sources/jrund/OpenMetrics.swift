import Runs

/// Writes the text form of metrics. Source: OpenMetrics 1.0.
struct OpenMetrics {
    static let mediaType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    typealias Labels = KeyValuePairs<String, String>

    private var text = ""

    /// The whole text; nothing may be added behind it.
    var ended: String { text + "# EOF\n" }

    mutating func gauge(_ name: String, _ help: String, unit: String? = nil, _ values: [(Labels, Int64)]) {
        begin(name, "gauge", help, unit)
        for (labels, value) in values { sample(name, labels, "\(value)") }
    }

    /// - Parameter name: without `_total`.
    mutating func counter(_ name: String, _ help: String, unit: String? = nil, _ values: [(Labels, UInt64)]) {
        begin(name, "counter", help, unit)
        for (labels, value) in values { sample("\(name)_total", labels, "\(value)") }
    }

    mutating func info(_ name: String, _ help: String, _ labels: Labels) {
        begin(name, "info", help, nil)
        sample("\(name)_info", labels, "1")
    }

    /// Durations; `name` ends in `_seconds`.
    mutating func histogram(
        _ name: String, _ help: String, label: String, _ values: [(String, MonitorTally.Histogram)]
    ) {
        begin(name, "histogram", help, "seconds")
        for (value, histogram) in values {
            var count: UInt64 = 0
            for (index, more) in histogram.counts.enumerated() {
                count += more
                let bounds = MonitorTally.Histogram.bounds
                let bound = index < bounds.count ? OpenMetrics.seconds(bounds[index]) : "+Inf"
                sample("\(name)_bucket", [label: value, "le": bound], "\(count)")
            }
            sample("\(name)_count", [label: value], "\(count)")
            sample("\(name)_sum", [label: value], OpenMetrics.seconds(histogram.sum))
        }
    }

    // MARK: Lines

    private mutating func begin(_ name: String, _ type: String, _ help: String, _ unit: String?) {
        text += "# TYPE \(name) \(type)\n"
        if let unit { text += "# UNIT \(name) \(unit)\n" }
        text += "# HELP \(name) \(OpenMetrics.escaped(help))\n"
    }

    private mutating func sample(_ name: String, _ labels: Labels, _ value: String) {
        let inner = labels.map { "\($0.key)=\"\(OpenMetrics.escaped($0.value))\"" }.joined(separator: ",")
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(inner)} \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
    }

    /// Microseconds as seconds, exactly and in one way: `0.0001`, `1.0`, `3600.0`.
    static func seconds(_ microseconds: Int64) -> String {
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        var fraction = String(1_000_000 + rest).dropFirst()
        while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
        return "\(whole).\(fraction)"
    }
}
