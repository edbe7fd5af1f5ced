import CLinux
import CPlan
import Kernel
import Programs

extension ManagedRun {
    /// Suspend, freeze, resume and thaw return when it is so; terminate and kill at once. What is already so is no error.
    ///
    /// - Throws: `MonitorRefusal` `conflict`
    public func command(_ command: RunCommand) async throws {
        try refuseIfRemoved()
        switch command {
        case .terminate: try end(.interrupted, JRUN_CONTROL_TERMINATE)
        case .kill: try end(.killed, JRUN_CONTROL_KILL)
        case .suspend: try await reach(.suspended, JRUN_CONTROL_SUSPEND)
        case .freeze: try await reach(.suspended, JRUN_CONTROL_FREEZE)
        case .resume, .thaw: try await reach(.running, JRUN_CONTROL_THAW)
        }
    }

    private func end(_ wanted: RunState, _ byte: Int32) throws {
        let before = snapshot
        switch before.state {
        case wanted: return
        case .created: throw conflict("it was not started, and can be removed")
        case .starting where process == nil:
            monitor.dequeue(self)
            let cause: Cause = wanted == .killed ? .killRequest : .terminateRequest
            endUnlaunched(
                wanted, cause, "asked to \(wanted == .killed ? "be killed" : "terminate") before it was launched")
        case .starting, .running, .suspended:
            if wanted == .interrupted && before.isTerminating { return }
            sendControl(byte)
            if wanted == .interrupted { update { $0.isTerminating = true } }
        default: throw conflict("it has ended already")
        }
    }

    private func reach(_ wanted: RunState, _ byte: Int32) async throws {
        let before = snapshot
        switch before.state {
        case .created: throw conflict("it was not started")
        case .starting: throw conflict("it is waiting to be launched")
        case .running, .suspended: break
        default: throw conflict("it has ended already")
        }
        if wanted == .suspended && before.isTerminating { throw conflict("it is being terminated") }
        // Its log is read as a whole.
        if wanted == .suspended, (try? FileStatus(path: "\(path)/events.jsonl").size) ?? 0 > 8 << 20 {
            throw MonitorRefusal(.quota, "run '\(id)' was suspended too many times; let it end")
        }
        // A resume also calls off a suspension that is still in its grace time.
        freezing += 1
        let mine = freezing
        if before.state == wanted && wanted == .suspended { return }
        sendControl(byte)
        while true {
            let version = changes.version
            let now = state
            if now == wanted { break }
            // What goes on may come to its own end before anybody looks.
            if now.isFinal, wanted == .running, snapshot.cause == .exit { return }
            if now.isFinal { throw conflict("it ended before it was \(wanted.rawValue)") }
            if freezing != mine { throw conflict("another request came in between") }
            try Task.checkCancellation()
            await changes.wait(after: version)
        }
        if wanted == .suspended { waitUntilFrozen() }
    }

    /// The record says that the kernel was told; this says that it is so. A process inside a system call that cannot be
    /// interrupted keeps its cgroup from being frozen, and us for at most a second.
    private func waitUntilFrozen() {
        guard let runs = try? monitor.cgroups?.openRuns(),
            let leaf = try? CgroupLeaf(opening: id.description, in: runs.raw),
            let events = try? FileSystem.open("cgroup.events", .read, at: leaf.directory.raw)
        else { return }
        var timeout = k_timespec(tv_sec: 1, tv_nsec: 0)
        while true {
            let text = (try? FileSystem.read(events.raw, from: 0, upTo: 4096)) ?? []
            if String(decoding: text, as: UTF8.self).contains("frozen 1") || state != .suspended { return }
            var poll = k_pollfd(fd: events.raw, events: Int16(POLLPRI), revents: 0)
            if sys_ppoll(&poll, 1, &timeout) == 0 { return }
        }
    }

    /// A FIFO without a reader is that of a run that has just ended; its record will tell.
    ///
    /// - Returns: whether jrun-init has the command before it.
    @discardableResult
    func sendControl(_ command: Int32) -> Bool {
        let path = "\(path)/\(RunDirectory.controlName)"
        guard let control = try? FileSystem.open(path, [.write, .nonBlocking]) else { return false }
        return send(command, to: control.raw)
    }
}
