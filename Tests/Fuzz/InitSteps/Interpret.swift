import CLinux
import CPlan

// What jrun-init's Main.swift and StatusRecord.swift give to its steps.

struct StepFailure: Error {
    var step: UInt32
    var error: Int32
}

struct StatusRecord {}

func tellLauncher(_: UInt32) {}

/// A request's whole way: verified, then read as the kernel would.
///
/// - Returns: how many arguments and variables it has; nil when it is refused.
public func interpretRequest(_ start: UnsafeMutableRawPointer, count: Int) -> (arguments: Int, environment: Int)? {
    guard let table = ArgumentTable(request: start, count) else { return nil }
    return (Reading.texts(table.argv), Reading.texts(table.envp))
}

func monotonicNow() -> UInt64 { 1 << 50 }

func text(_ literal: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// A plan's whole way through jrun-init: verified, then every step carried out before a kernel that only reads.
///
/// - Parameters:
///   - start: as aligned as a mapping; changed like jrun-init's own copy.
///   - request: what a process that holds is told.
/// - Returns: nil when the plan was refused; otherwise the number of the step that ended it, or -1.
public func interpretPlan(_ start: UnsafeMutableRawPointer, count: Int, request: [UInt8] = []) -> Int? {
    FakePipe.bytes = request[...]
    do throws(StepFailure) {
        let plan = try Plan(verifying: start, count)
        var launch = Launch(plan: plan)
        var record = StatusRecord()
        var reached = -1
        do throws(StepFailure) {
            try launch.carryOutViewSteps()
            _ = try launch.startProgram(&record)
        } catch { reached = Int(error.step) }
        Reading.text(plan.text(plan.supervision.text_run))
        runClocks(plan.supervision)
        return reached
    } catch { return nil }
}

/// A run that is frozen and thawed in between, and terminated at last.
private func runClocks(_ rules: jrun_supervision) {
    var clocks = Clocks(rules: rules, startedAt: 1 << 50)
    let second: UInt64 = 1_000_000_000
    var now: UInt64 = 1 << 50
    for turn in 0..<8 {
        _ = clocks.timeUntilNextDeadline(now)
        if turn % 3 == 1 { clocks.freeze(now) }
        now += 3600 * second
        if turn % 3 == 2 { clocks.thaw(now) }
        clocks.scheduleTick(now, cpu: UInt64(turn) * second)
        clocks.killAt = now + rules.stop_grace_ns
        clocks.freezeAt = now + rules.suspend_grace_ns
        _ = clocks.wallTime(now)
    }
}
