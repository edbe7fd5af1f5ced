import Programs
import Testing

@testable import Confinement

@Suite struct EnforcementTests {
    private func decide(
        _ controllers: Set<String>?, _ asked: [LimitName: Int64] = [:], disks: [String] = [], bestEffort: Bool
    ) throws -> Result<Enforcement, Enforcement.Refusals> {
        var facts = Sample.node(controllers: controllers)
        facts.disks = disks
        var limits = try Sample.program(Sample.file()).limits.defaults
        for (name, value) in asked { limits[name] = value }
        return Enforcement.decide(facts: facts, limits: limits, bestEffort: bestEffort)
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

    @Test(arguments: [[], ["cpu"], ["pids"]] as [Set<String>])
    func withoutMemoryBestEffortSaysWhatItCosts(controllers: Set<String>) throws {
        let enforcement = try decide(controllers, bestEffort: true).get()
        #expect(enforcement[.memory] == .addressSpace)
        #expect(
            enforcement.weaker[.memory]
                == "bounds each process's address space; several processes together can use more")
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
        let enforcement = try decide(["memory", "cpu"], bestEffort: false).get()
        #expect(enforcement[.processes] == .processCount)
        #expect(enforcement.weaker.isEmpty)
    }

    // MARK: cpus and io

    /// A default is what every program file has, so it must not keep programs from a node.
    @Test func aDefaultIsHeldOrSaidNotToBe() throws {
        let held = try decide(["memory", "pids", "cpu"], bestEffort: false).get()
        #expect(held[.cpus] == .cpuMax && held[.io] == .unlimited && held.weaker.isEmpty)
        let loose = try decide(["memory", "pids"], bestEffort: false).get()
        #expect(loose[.cpus] == .nothing && loose[.io] == .unlimited)
        #expect(loose.weaker.keys.map(\.self) == [.cpus])
    }

    @Test func whatIsAskedForIsHeldOrRefused() throws {
        let cpus: [LimitName: Int64] = [.cpus: 1500], io: [LimitName: Int64] = [.io: 1 << 20]
        #expect(try decide(["memory", "cpu"], cpus, bestEffort: false).get()[.cpus] == .cpuMax)
        #expect(try decide(["memory", "cpu", "io"], io, disks: ["8:0"], bestEffort: false).get()[.io] == .ioMax)
        let missing: [(Set<String>, [LimitName: Int64], LimitName)] = [
            (["memory"], cpus, .cpus), (["memory", "cpu"], io, .io), (["memory", "cpu", "io"], io, .io),
        ]
        for (controllers, asked, name) in missing {
            let error = #expect(throws: Enforcement.Refusals.self) {
                try decide(controllers, asked, bestEffort: false).get()
            }
            #expect(error?.refusals.map(\.limit) == [name])
            let loose = try decide(controllers, asked, bestEffort: true).get()
            #expect(loose[name] == .nothing && loose.weaker[name] != nil)
        }
        let all = cpus.merging(io) { $1 }
        let error = #expect(throws: Enforcement.Refusals.self) { try decide([], all, bestEffort: false).get() }
        #expect(error?.refusals.map(\.limit) == [.memory, .cpus, .io])
    }

    @Test func mechanismsHaveNamesOfTheirOwn() {
        #expect(Set(Mechanism.allCases.map(\.rawValue)).count == Mechanism.allCases.count)
    }
}
