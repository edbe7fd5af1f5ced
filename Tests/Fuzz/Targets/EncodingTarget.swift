import InitSteps
import Programs

@testable import Confinement

extension FuzzTarget {
    /// A program file and a request, each part behind a NUL: the plan that comes of it is one that jrun-init takes, and
    /// its steps carry it to its end.
    static let encoding = FuzzTarget("encoding") { bytes in
        let parts = parts(bytes)
        guard case .success(let program) = ProgramFile.parse(Array(parts[0].utf8), fileName: "fuzz"),
            let encoded = try encodedPlan(
                program, Request(arguments: Array(parts.dropFirst())), lifeline: bytes.count % 2 == 0)
        else { return }
        try GuardedBytes.with(encoded) { start in
            let reached = interpretPlan(start, count: encoded.count)
            try promise(
                reached == -1, "jrun-init \(reached.map { "stops at step \($0) of" } ?? "refuses") our own plan")
        }
    }
}

/// What a launcher would seal; nil when the request is refused, or the plan for its size.
func encodedPlan(_ program: Program, _ request: Request, lifeline: Bool) throws -> [UInt8]? {
    let node = HostFacts(
        controllers: ["memory", "pids"], landlockABI: 7, seccompNotify: true, cpus: 4,
        paths: ["/usr": .directory, "/etc/ld.so.cache": .file, "/opt/a": .directory, "/dev/fuse": .device],
        rootLinks: ["lib64": "usr/lib64"])
    guard case .success(let accepted) = program.check(request),
        case .success(let enforcement) = Enforcement.decide(facts: node, limits: accepted.limits, bestEffort: true)
    else { return nil }
    let identity = RunIdentity(id: "01aryz6s41tsv4rrffq69g5fav", uid: 1_500_000_007)
    let plan = LaunchPlan(
        PlanInputs(
            program: program, request: accepted, facts: node, enforcement: enforcement, identity: identity,
            filter: SeccompFilter(instructions: [UInt8](0..<16), notifies: true), lifeline: lifeline))
    do throws(LaunchPlan.TooLarge) { return try plan.encode(runName: identity.id) } catch { return nil }
}
