import CPlan
import Confinement
import FoundationEssentials
import Kernel
import Programs

@testable import Runs

extension FuzzTarget {
    /// jrun-init's record, and verdict and figures that are made of it. With a byte in front that says whether magic and checksum
    /// are mended, as no chance finds them.
    static let status = FuzzTarget("status", maxBytes: 1025) { bytes in
        guard let first = bytes.first else { return }
        var record = Array(bytes.dropFirst())
        if first & 1 == 1 { mend(&record) }
        let file = try sealedMemfd(named: "status", record)
        guard let status = StatusFile.read(file.raw) else { return }
        try promise(status.magic == JRUN_STATUS_MAGIC, "a record without its magic was taken")
        let node = HostFacts(
            controllers: ["memory", "pids"], landlockABI: 7, seccompNotify: true, cpus: 4, paths: [:], rootLinks: [:])
        let program = try ProgramFile.parse(Array(fuzzProgram(arguments: " []").utf8), fileName: "fuzz").get()
        let enforcement = try Enforcement.decide(
            facts: node, limits: program.limits.defaults, bestEffort: true
        ).get()
        let verdict = Verdict(status, program: program, limits: program.limits.defaults, enforcement: enforcement)
        try promise(!verdict.evidence.summary.isEmpty, "an end without evidence")
        try promise((0...255).contains(verdict.exitStatus), "exit status \(verdict.exitStatus)")
        let usage = Report.Usage().with(status)
        let counts = [usage.cpuMicroseconds, usage.readBytes, usage.stdoutBytes, usage.stderrBytes]
        try promise(counts.allSatisfy { $0 >= 0 }, "a negative count")
        let times = [status.started_realtime, status.ended_realtime].map(timestamp)
        try promise(times.allSatisfy { $0.hasSuffix("Z") }, "a time that is none: \(times)")
    }

    private static func mend(_ record: inout [UInt8]) {
        let size = MemoryLayout<jrun_status>.size
        for slot in 0..<Int(JRUN_STATUS_SLOTS) where record.count >= (slot + 1) * size {
            let end = (slot + 1) * size
            let magic = JRUN_STATUS_MAGIC, state = UInt32(JRUN_STATUS_ENDED)
            let stateOffset = slot * size + MemoryLayout<jrun_status>.offset(of: \.state)!
            withUnsafeBytes(of: magic) { record.replaceSubrange((slot * size)..<(slot * size + 8), with: $0) }
            withUnsafeBytes(of: state) { record.replaceSubrange(stateOffset..<(stateOffset + 4), with: $0) }
            let sum = StatusFile.fnv1a(record[(slot * size)..<(end - 8)])
            withUnsafeBytes(of: sum) { record.replaceSubrange((end - 8)..<end, with: $0) }
        }
    }

    /// `run.json`: what a jrund that starts reads about a run. What is read can be written, and is then the same.
    static let frozen = FuzzTarget("frozen") { bytes in
        guard let request = try? decodeRunFile(FrozenRequest.self, bytes) else { return }
        let written = request.json()
        let again = try decodeRunFile(FrozenRequest.self, written).json()
        try promise(written == again, "written, it is another request")
        _ = Limits(request.limits)
    }

    /// The node's event log: a jrund can start with whatever is in it, goes on behind it, and every follower gets on.
    static let events = FuzzTarget("events") { bytes in
        try withScratchDirectory { directory in
            try FileSystem.createFile("\(directory)/00000000000000000001.jsonl", bytes)
            let log = try EventStream(in: directory)
            _ = try? log.lastEvents()
            let reader = try log.reader(after: 0)
            var turns = 0
            while let events = try? reader.next(), !events.isEmpty {
                turns += 1
                try promise(turns <= bytes.count + 1, "the log has no end")
            }
            _ = try log.reader(after: UInt64.max).next()
            try log.record("running", of: "r", program: "p", owner: 1, copyTo: nil)
        }
    }
}

private func withScratchDirectory(_ body: (String) throws -> Void) throws {
    let parent = FileManager.default.temporaryDirectory.path
    let path = "\(parent)/jrun-fuzz-\(RunID())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
