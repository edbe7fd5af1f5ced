import Synchronization

// Who learns of the end. Whoever waits for it on a thread that may block brings it about there, and goes on with what it is
// waited for; nobody has to be woken in between.

extension ManagedRun {
    struct Attendance {
        var isAttended = false
        /// The record has changed, and nobody has looked at it yet.
        var hasNews = false
        /// jrun-init is not there any more.
        var hasGone = false
        /// The report, as soon as there is one.
        var report: Report?
    }

    /// The record has changed: for the thread that watches all runs, which must not block.
    nonisolated func hasNews(hasGone: Bool) {
        let isAttended = shared.withLock { shared in
            guard shared.attendance.isAttended else { return false }
            shared.attendance.hasNews = true
            if hasGone { shared.attendance.hasGone = true }
            return true
        }
        if isAttended { ends.raise() } else { look(hasGone: hasGone) }
    }

    private nonisolated func look(hasGone: Bool) {
        Task(executorPreference: WorkPool.shared) { await self.recordChanged(hasGone: hasGone) }
    }

    /// Returns when the run has ended or is gone, or when `isOver` or the task is cancelled. `ends` is to be raised for
    /// `isOver` to be asked again.
    ///
    /// - Returns: the report, if it need not be read for that.
    @discardableResult
    public nonisolated func waitForEnd(unless isOver: @Sendable () -> Bool = { false }) async -> Report? {
        let isMine = shared.withLock { shared in
            defer { shared.attendance.isAttended = true }
            return !shared.attendance.isAttended
        }
        while !Task.isCancelled {
            let version = ends.version
            if hasEnded || isOver() { break }
            if isMine, let hasGone = takeNews() {
                try? await whenFree { $0.recordChanged(hasGone: hasGone) }
                continue
            }
            await ends.wait(after: version)
        }
        return isMine ? leave() : nil
    }

    /// For whoever has changed what `isOver` says.
    public nonisolated func askAgain() { ends.raise() }

    private nonisolated func takeNews() -> Bool? {
        shared.withLock { shared in
            defer { shared.attendance.hasNews = false }
            return shared.attendance.hasNews ? shared.attendance.hasGone : nil
        }
    }

    private nonisolated func leave() -> Report? {
        let attendance = shared.withLock { shared in
            defer { shared.attendance = Attendance() }
            return shared.attendance
        }
        if attendance.hasNews { look(hasGone: attendance.hasGone) }
        return attendance.report
    }
}
