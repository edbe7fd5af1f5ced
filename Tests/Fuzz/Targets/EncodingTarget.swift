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
        try promiseCarriedOut(encoded, request: [])
        guard let (plan, request) = try encodedWarmPlan(program, Request(arguments: Array(parts.dropFirst()))) else {
            return
        }
        try promiseCarriedOut(plan, request: request)
    }

    private static func promiseCarriedOut(_ plan: [UInt8], request: [UInt8]) throws {
        try GuardedBytes.with(plan) { start in
            let reached = interpretPlan(start, count: plan.count, request: request)
            try promise(
                reached == -1, "jrun-init \(reached.map { "stops at step \($0) of" } ?? "refuses") our own plan")
        }
    }

    /// What a process that holds is told. Any bytes are refused, or nothing outside of them is read. Behind `c` stand the
    /// arguments of a good one, each behind a NUL: it is taken, and has as many. Behind `r` stand the bytes of any.
    static let warm = FuzzTarget("warm", maxBytes: 8192) { bytes in
        var request = Array(bytes.dropFirst())
        var expected: Int?
        if bytes.first == UInt8(ascii: "c") {
            let arguments = parts(request),
                program = try ProgramFile.parse(
                    Array(fuzzProgram(arguments: " []").utf8), fileName: "fuzz"
                ).get()
            var accepted = AcceptedRequest(standingForAll: program)
            accepted.arguments = arguments
            request = try accepted.encoded(for: program)
            expected = arguments.count + 1
        }
        try GuardedBytes.with(request) { start in
            let found = interpretRequest(start, count: request.count)
            try promise(expected == nil || found?.arguments == expected, "our own request is read as another one")
        }
    }
}

/// The plan of a warm sandbox, and what it will be told.
private func encodedWarmPlan(_ program: Program, _ request: Request) throws -> (plan: [UInt8], request: [UInt8])? {
    guard program.canBeWarm, case .success(let accepted) = program.check(request),
        let plan = try encodedPlan(
            program, request, lifeline: false, hold: .init(directory: ".warm-x", gone: ".gone-x"))
    else { return nil }
    return (plan, try accepted.encoded(for: program))
}

/// What a launcher would seal; nil when the request is refused, or the plan for its size.
func encodedPlan(
    _ program: Program, _ request: Request, lifeline: Bool, hold: PlanInputs.Hold? = nil
) throws -> [UInt8]? {
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
            filter: SeccompFilter(instructions: [UInt8](0..<16), notifies: true), lifeline: lifeline, hold: hold))
    do throws(LaunchPlan.TooLarge) { return try plan.encode(runName: identity.id) } catch { return nil }
}
