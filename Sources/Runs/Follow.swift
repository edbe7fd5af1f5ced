import CLinux
import CPlan
import Kernel
import Programs

extension Execution {
    struct Followed {
        /// What of the output could not be passed on, and why.
        var outputLost: String?
        /// Absent when stdin is no stream.
        var stdin: StdinTally?
    }

    /// Streams, signals and the status line until jrun-init has written the run's end, or is gone without.
    ///
    /// - Parameter status: its record.
    func follow(
        _ launched: borrowing LaunchedRun, _ directory: borrowing RunDirectory, _ signals: borrowing SignalQueue,
        _ feeder: consuming StdinFeeder,
        _ leaf: borrowing CgroupLeaf, _ growth: borrowing EventCounter, status record: Int32,
        control: Int32
    ) throws -> Followed {
        var feeder = feeder
        var stdout = SpoolFollower(spool: try directory.createFile("stdout", .read), sink: 1)
        var stderr = SpoolFollower(spool: try directory.createFile("stderr", .read), sink: 2)
        var status = StatusLine(enabled: options.statusLine, program: preparation.program.name)
        var stopRequests = 0
        // A pipe without a reader is always ready to say so; once is enough.
        var watchesStdout = true, watchesStderr = true

        while true {
            var polls = (
                k_pollfd(fd: launched.process.descriptor.raw, events: Int16(POLLIN), revents: 0),
                k_pollfd(fd: signals.descriptor.raw, events: Int16(POLLIN), revents: 0),
                k_pollfd(fd: growth.descriptor.raw, events: Int16(POLLIN), revents: 0),
                k_pollfd(fd: feeder.wantsInput ? 0 : -1, events: Int16(POLLIN), revents: 0),
                k_pollfd(fd: feeder.wantsOutput ? feeder.writer : -1, events: Int16(POLLOUT), revents: 0),
                // Without POLLOUT these still tell of a reader that has gone.
                k_pollfd(fd: watchesStdout ? 1 : -1, events: Int16(stdout.hasPending() ? POLLOUT : 0), revents: 0),
                k_pollfd(fd: watchesStderr ? 2 : -1, events: Int16(stderr.hasPending() ? POLLOUT : 0), revents: 0)
            )
            var timeout = k_timespec(tv_sec: 1, tv_nsec: 0)
            let n = withUnsafeMutableBytes(of: &polls) { bytes in
                let polls = bytes.baseAddress?.assumingMemoryBound(to: k_pollfd.self)
                return status.isEnabled ? sys_ppoll(polls, 7, &timeout) : sys_ppoll(polls, 7, nil)
            }
            if n == 0 { status.draw(leaf) }

            if polls.3.revents != 0 && feeder.readInput() == .overCap { send(JRUN_CONTROL_INPUT, to: control) }
            if polls.4.revents != 0 { feeder.writeOutput() }
            if polls.2.revents != 0 { growth.clear() }
            // Looked at before the streams, of which everything is in the spools by then.
            let hasEnded = polls.0.revents != 0 || polls.2.revents != 0 && StatusFile.saysEnded(record)
            if stdout.hasPending() || stderr.hasPending() { status.erase() }
            stdout.pump()
            stderr.pump()
            if polls.5.revents & Int16(POLLERR) != 0 || stdout.isBroken { watchesStdout = false }
            if polls.6.revents & Int16(POLLERR) != 0 || stderr.isBroken { watchesStderr = false }
            if !watchesStdout && stopRequests == 0 {
                stopRequests = 1
                send(JRUN_CONTROL_TERMINATE, to: control)
            }
            while signals.next() != nil {
                stopRequests += 1
                send(stopRequests == 1 ? JRUN_CONTROL_TERMINATE : JRUN_CONTROL_KILL, to: control)
            }
            if hasEnded { break }
        }
        status.erase()
        stdout.drain(unlessStoppedBy: signals)
        stderr.drain(unlessStoppedBy: signals)
        var followed = Followed(stdin: preparation.program.stdin == .stream ? feeder.tally : nil)
        if let failure = stdout.failure ?? stderr.failure {
            followed.outputLost = "output lost: \(describe(errno: failure))"
        } else if stdout.hasPending() || stderr.hasPending() {
            followed.outputLost = "output lost: jrun was asked to stop"
        }
        return followed
    }
}

/// One line on the terminal while the program is silent: elapsed time, CPU, memory.
struct StatusLine {
    let isEnabled: Bool
    private let program: String
    private let startedAt = monotonicNanoseconds()
    private var isDrawn = false

    init(enabled: Bool, program: String) {
        isEnabled = enabled
        self.program = program
    }

    mutating func draw(_ leaf: borrowing CgroupLeaf) {
        let elapsed = Int64((monotonicNanoseconds() - startedAt) / 1_000_000_000) * 1000
        var line = "\(program): \(formatDuration(milliseconds: elapsed))"
        // Without a cgroup nobody but jrun-init knows.
        if let usage = leaf.number("usage_usec", in: "cpu.stat") {
            let memory = leaf.number("memory.current") ?? residentBytes(leaf)
            line += ", CPU \(formatDuration(milliseconds: usage / 100_000 * 100))"
            line += ", memory \(formatBytes(memory / 1_048_576 * 1_048_576))"
        }
        print("\r\u{1b}[K\(line)")
        isDrawn = true
    }

    /// Without a memory controller: the resident pages of its first processes, shared ones counted more than once.
    private func residentBytes(_ leaf: borrowing CgroupLeaf) -> Int64 {
        let pids = (leaf.text("cgroup.procs") ?? "").split(separator: "\n").prefix(64)
        return pids.reduce(0) { sum, pid in
            let fields = ((try? FileSystem.text(of: "/proc/\(pid)/statm")) ?? "").split(separator: " ")
            return sum + (fields.count > 1 ? Int64(fields[1]) ?? 0 : 0) * 4096
        }
    }

    mutating func erase() {
        if isDrawn { print("\r\u{1b}[K") }
        isDrawn = false
    }

    private func print(_ text: String) { try? FileSystem.write(text.utf8, to: 2, named: "stderr") }
}
