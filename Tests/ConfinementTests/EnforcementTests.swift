import Programs
import Testing

@testable import Confinement

@Suite struct EnforcementTests {
    private func decide(_ controllers: Set<String>?, bestEffort: Bool) -> Result<Enforcement, Enforcement.Refusals> {
        Enforcement.decide(facts: Sample.node(controllers: controllers), bestEffort: bestEffort)
    }

    @Test(arguments: [true, false])
    func aFullNodeHoldsEverything(bestEffort: Bool) throws {
        let enforcement = try decide(["cpu", "memory", "pids"], bestEffort: bestEffort).get()
        #expect(
            enforcement[.memory] == .memoryMax && enforcement[.processes] == .pidsMax && enforcement[.cpu] == .cpuStat)
        #expect(enforcement.weaker.isEmpty)
        #expect(LimitName.allCases.allSatisfy { enforcement.mechanisms[$0] != nil }, "no limit is held by nothing")
    }

    @Test(arguments: [[], ["pids", "cpu"]] as [Set<String>])
    func withoutMemoryStrictRefuses(controllers: Set<String>) {
        let error = #expect(throws: Enforcement.Refusals.self) { try decide(controllers, bestEffort: false).get() }
        #expect(error?.refusals.map(\.limit) == [.memory])
        #expect(
            error?.description
                == "limit 'memory' cannot be enforced on this node: the cgroup v2 controller 'memory' is missing "
                + "(see jrun doctor); --best-effort would use RLIMIT_AS, which bounds each process's address space instead of "
                + "the run's memory")
    }

    @Test(arguments: [[], ["pids"]] as [Set<String>])
    func withoutMemoryBestEffortSaysWhatItCosts(controllers: Set<String>) throws {
        let enforcement = try decide(controllers, bestEffort: true).get()
        #expect(enforcement[.memory] == .addressSpace)
        #expect(
            enforcement.weaker == [
                .memory: "bounds each process's address space; several processes together can use more"
            ])
    }

    /// An ordinary user may have none: then the CPU time of a child that nobody waits for is missed.
    @Test func withoutACgroupStrictRefusesAndBestEffortSaysWhatItCosts() throws {
        let error = #expect(throws: Enforcement.Refusals.self) { try decide(nil, bestEffort: false).get() }
        #expect(error?.refusals.map(\.limit) == [.cpu, .memory])
        let enforcement = try decide(nil, bestEffort: true).get()
        #expect(enforcement[.cpu] == .processTimes && enforcement[.memory] == .addressSpace)
        #expect(enforcement[.processes] == .processCount)
        #expect(enforcement.weaker[.cpu] == "counts no child that nobody has waited for")
        #expect(enforcement.weaker[.memory] != nil && enforcement.weaker[.processes] == nil)
    }

    /// The uid is the run's own, so RLIMIT_NPROC is as good as the controller.
    @Test func withoutPidsNothingIsWeaker() throws {
        let enforcement = try decide(["memory"], bestEffort: false).get()
        #expect(enforcement[.processes] == .processCount)
        #expect(enforcement.weaker.isEmpty)
    }

    @Test func mechanismsHaveNamesOfTheirOwn() {
        #expect(Set(Mechanism.allCases.map(\.rawValue)).count == Mechanism.allCases.count)
    }
}
