import Programs
import Runs

/// What /metrics says of a node.
struct NodeMetrics {
    var usage: Monitor.Usage
    var capacity: MonitorSettings.Capacity
    var tally: MonitorTally
    var parkedSandboxes: Int
    var requests: RequestTally.Counts
    var runs: [RunState: Int]
    var connections: Int
    /// Of bodies and answers that are in memory as a whole.
    var heldBytes: Int
    var reloadProblems: Int

    var text: String {
        var text = OpenMetrics()
        text.info("jrun_build", "Version of jrund.", ["version": version])
        writeRuns(&text)
        writeCapacity(&text)
        writeBytes(&text)
        writeRequests(&text)
        return text.ended
    }

    private func writeRuns(_ text: inout OpenMetrics) {
        text.gauge(
            "jrun_runs", "Runs of the node by state.",
            RunState.allCases.map { (["state": $0.rawValue], Int64(runs[$0] ?? 0)) })
        text.gauge("jrun_queue_length", "Runs whose start waits for room.", [([:], Int64(usage.queuedRuns))])
        text.counter("jrun_runs_created", "Runs created.", [([:], tally.created)])
        let ends = tally.ended.sorted {
            ($0.key.state.rawValue, $0.key.cause.rawValue) < ($1.key.state.rawValue, $1.key.cause.rawValue)
        }
        text.counter(
            "jrun_runs_ended", "Runs ended by state and cause.",
            ends.map { (["state": $0.key.state.rawValue, "cause": $0.key.cause.rawValue], $0.value) })
        text.counter("jrun_runs_removed", "Runs removed.", [([:], tally.removed)])
        text.counter(
            "jrun_warm_starts", "Starts of programs with warm sandboxes: in one, and in the ordinary way.",
            [(["sandbox": "warm"], tally.warmStarts), (["sandbox": "cold"], tally.coldStarts)])
        text.gauge("jrun_warm_sandboxes", "Warm sandboxes that wait.", [([:], Int64(parkedSandboxes))])
        text.histogram(
            "jrun_phase_seconds", "Time that runs took by phase.", label: "phase",
            tally.phases.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        let found = tally.recovered
        text.gauge(
            "jrun_recovered_runs", "What this jrund found of its predecessor's runs when it started.",
            [
                (["found": "adopted"], Int64(found.adopted)), (["found": "concluded"], Int64(found.concluded)),
                (["found": "lost"], Int64(found.lost)), (["found": "queued"], Int64(found.queued)),
                (["found": "kept"], Int64(found.kept)), (["found": "cleaned"], Int64(found.cleaned)),
            ])
    }

    private func writeCapacity(_ text: inout OpenMetrics) {
        text.gauge(
            "jrun_live_runs", "Live runs, and how many there may be.",
            [(["of": "used"], Int64(usage.liveRuns)), (["of": "capacity"], Int64(capacity.runs))])
        text.gauge(
            "jrun_promised_memory_bytes", "Memory promised to live runs, and how much may be.", unit: "bytes",
            [(["of": "used"], usage.memory), (["of": "capacity"], capacity.memory)])
        text.gauge(
            "jrun_promised_cpus", "Processors promised to live runs, rounded up, and how many may be.",
            [(["of": "used"], (usage.cpuThousandths + 999) / 1000), (["of": "capacity"], Int64(capacity.cpus))])
        text.gauge("jrun_kept_bytes", "Bytes on disk of all runs.", unit: "bytes", [([:], usage.keptBytes)])
    }

    private func writeBytes(_ text: inout OpenMetrics) {
        text.counter(
            "jrun_stream_bytes", "Bytes of the programs' streams.", unit: "bytes",
            [
                (["stream": "stdin"], UInt64(clamping: tally.stdinBytes)),
                (["stream": "stdout"], UInt64(clamping: tally.stdoutBytes)),
                (["stream": "stderr"], UInt64(clamping: tally.stderrBytes)),
            ])
        text.counter(
            "jrun_file_bytes", "Bytes of uploaded inputs and of collected results.", unit: "bytes",
            [
                (["kind": "input"], UInt64(clamping: tally.uploadedBytes)),
                (["kind": "result"], UInt64(clamping: tally.resultBytes)),
            ])
    }

    private func writeRequests(_ text: inout OpenMetrics) {
        let keys = requests.requests.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
        text.counter(
            "jrun_http_requests", "Requests by route, method and status.",
            keys.map { key, count in
                (["route": key.route, "method": key.method, "status": "\(key.status)"], count)
            })
        text.histogram(
            "jrun_http_request_seconds", "Time from a request to the head of its answer.", label: "route",
            requests.latencies.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        text.gauge("jrun_http_connections", "Open connections.", [([:], Int64(connections))])
        text.gauge(
            "jrun_http_held_bytes", "Bytes of bodies and answers that are in memory as a whole.", unit: "bytes",
            [([:], Int64(heldBytes))])
        text.gauge(
            "jrun_reload_problems", "Files that the last reload could not read; older versions are in force.",
            [([:], Int64(reloadProblems))])
    }
}
