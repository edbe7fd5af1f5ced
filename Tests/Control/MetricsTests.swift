import Foundation
import TestSupport
import Testing

/// /metrics, read by the parser of Prometheus' own client.
extension Control {
    @Suite struct Metrics {
        /// JSON: {"name{label=value,…}": value}
        private func parse(_ text: [UInt8]) throws -> JSON {
            let script = """
                import json, sys
                from prometheus_client.openmetrics.parser import text_string_to_metric_families
                samples = {}
                for family in text_string_to_metric_families(sys.stdin.read()):
                    assert family.documentation, family.name
                    for sample in family.samples:
                        labels = ','.join(f'{key}={value}' for key, value in sorted(sample.labels.items()))
                        samples[sample.name + '{' + labels + '}'] = sample.value
                json.dump(samples, sys.stdout)
                """
            var command = Command(["/usr/bin/python3", "-c", script])
            command.input = text
            let ended = try command.run()
            try #require(ended.status == 0, "\(ended.stderr)")
            return try JSON(parsing: ended.stdout.array)
        }

        private func sum(_ metrics: JSON, _ prefix: String, _ labels: String...) -> Double {
            metrics.keys.filter { name in name.hasPrefix(prefix) && labels.allSatisfy { name.contains($0) } }
                .reduce(0) { $0 + ((metrics[$1].value as? NSNumber)?.doubleValue ?? 0) }
        }

        @Test func whatHappenedIsCounted() throws {
            try withDaemon { daemon in
                for words in [["exit", "0"], ["exit", "0"], ["exit", "3"], ["write-stdout", "1000"]] {
                    let id = try daemon.send(Call("POST", "/v1/runs", json: Daemon.request(words))).json["id"].string
                    _ = try daemon.command("start", try #require(id))
                    _ = try daemon.ended(try #require(id))
                }
                let live = try daemon.startRun("sleep", "forever")
                let answer = try daemon.get("/metrics")
                #expect(answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
                let metrics = try parse(answer.body.array)
                #expect(sum(metrics, "jrun", "state=complete", "cause=exit") == 3, "\(answer.text)")
                #expect(sum(metrics, "jrun", "state=failed", "cause=exit") == 1)
                #expect(sum(metrics, "jrun", "state=running") == 1)
                #expect(metrics.keys.contains { $0.contains("_bucket{") && $0.contains("le=+Inf") })
                try daemon.command("kill", live)
                _ = try daemon.ended(live)
                let later = try parse(try daemon.get("/metrics").body.array)
                #expect(sum(later, "jrun", "state=killed", "cause=kill-request") == 1)
            }
        }

        @Test func forThoseWhoMay() throws {
            try withDaemon { daemon in
                let refused = try daemon.send(Call("GET", "/metrics").with(asNobody))
                #expect(refused.problem == "forbidden", "\(refused)")
            }
            try withDaemon(keys: ["metrics": "{users: [nobody]}"]) { daemon in
                let metrics = try daemon.send(Call("GET", "/metrics").with(asNobody))
                let reload = try daemon.send(Call("POST", "/v1/reload").with(asNobody))
                #expect(metrics.status == 200 && reload.problem == "forbidden", "\(metrics) \(reload)")
            }
        }
    }
}
