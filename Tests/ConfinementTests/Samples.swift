import Confinement
import Programs

/// Programs, nodes and plans made of short texts.
enum Sample {
    static let limits = "{wall: 10m, cpu: 5m, memory: 1GiB, processes: 32, open_files: 256, output: 64MiB, disk: 1GiB}"

    /// A program file with `lines` put in, and `security` as it stands.
    static func file(_ lines: String = "", security: String = "{}") -> String {
        """
        program: tool
        summary: A tool
        executable: /usr/bin/tool
        \(lines)
        limits: \(limits)
        security: \(security)
        """
    }

    static func program(_ text: String) throws -> Program {
        try ProgramFile.parse(Array(text.utf8), fileName: "test").get()
    }

    /// Every controller, the newest Landlock, evidence for forbidden calls.
    static let fullNode = HostFacts(
        controllers: ["cpu", "io", "memory", "pids"], landlockABI: 7, seccompNotify: true, cpus: 4,
        paths: ["/usr": .directory, "/etc/ld.so.cache": .file, "/etc/alternatives": .directory],
        rootLinks: ["bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/sbin"])

    static func node(
        controllers: Set<String>? = ["cpu", "io", "memory", "pids"], landlock: Int = 7, notify: Bool = true,
        paths: [String: HostFacts.PathKind] = [:], rootless: RootlessIDs? = nil, image: ImageFacts? = nil
    ) -> HostFacts {
        var facts = fullNode
        facts.controllers = controllers
        facts.landlockABI = landlock
        facts.seccompNotify = notify
        facts.paths.merge(paths) { $1 }
        facts.rootless = rootless
        facts.image = image
        return facts
    }

    /// With names that are the run's own, which an image cannot take.
    static let image = ImageFacts(topLevel: [
        .init(name: "usr", kind: .directory), .init(name: "etc", kind: .directory),
        .init(name: "bin", kind: .link(target: "usr/bin")), .init(name: "README", kind: .file),
        .init(name: "proc", kind: .directory), .init(name: "work", kind: .link(target: "/etc")),
        .init(name: ".image", kind: .file), .init(name: ".cover", kind: .link(target: "/etc/passwd")),
    ])

    /// Stands for a compiled filter: two instructions that nobody runs.
    static func filter(notifies: Bool) -> SeccompFilter {
        SeccompFilter(instructions: [UInt8](0..<16), notifies: notifies)
    }

    static let identity = RunIdentity(id: "01aryz6s41tsv4rrffq69g5fav", uid: 1_500_000_007)

    static func inputs(
        _ program: Program, on facts: HostFacts = fullNode, _ request: Request = Request(), lifeline: Bool = true,
        hold: PlanInputs.Hold? = nil
    ) throws -> PlanInputs {
        let accepted = try program.check(request).get()
        return PlanInputs(
            program: program, request: accepted, facts: facts,
            enforcement: try Enforcement.decide(facts: facts, limits: accepted.limits, bestEffort: true).get(),
            identity: identity,
            filter: filter(notifies: facts.seccompNotify), lifeline: lifeline, hold: hold)
    }

    static func plan(
        _ program: Program, on facts: HostFacts = fullNode, _ request: Request = Request(), lifeline: Bool = true,
        hold: PlanInputs.Hold? = nil
    ) throws -> LaunchPlan {
        LaunchPlan(try inputs(program, on: facts, request, lifeline: lifeline, hold: hold))
    }
}

/// A generator whose whole course follows from its seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
