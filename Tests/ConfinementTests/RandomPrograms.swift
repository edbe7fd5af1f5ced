import Confinement
import Programs

/// A program and a node made of a seed: every combination of what a plan depends on turns up after a few hundred.
struct RandomCase {
    let program: Program
    let facts: HostFacts
    let request: Request

    private static let directories = [
        "/opt/a", "/opt/b/c/d", "/srv/models", "/etc/fonts", "/etc/ssl/certs", "/usr/share/x", "/var/lib/tool",
    ]
    private static let files = ["/opt/e.conf", "/srv/deep/down/f.txt", "/etc/tool.conf", "/etc/localtime"]
    private static let devices = ["/dev/kvm", "/dev/dri/renderD128", "/dev/fuse", "/dev/nvidia0"]

    init(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func some(_ all: [String]) -> [String] { all.filter { _ in Bool.random(using: &random) } }
        // A path can be shown for reading or for executing, not both.
        let shown = some(Self.directories + Self.files).shuffled(using: &random)
        let split = Int.random(in: 0...shown.count, using: &random)
        let read = shown[..<split], execute = shown[split...]
        let devices = some(Self.devices)
        let network = ["none", "host"].randomElement(using: &random)!
        let stdin = ["ignore", "stream", "{file: in.txt}", "{stream: true, max_size: 1MiB}"].randomElement(
            using: &random)!
        let capped = [
            "{stream: true, max_size: 1MiB}", "{stream: true, max_size: 1MiB, excess: truncate}",
            "{file: capped.txt, max_size: 1MiB}", "{file: capped.txt, max_size: 1MiB, excess: truncate}",
        ]
        let stdout = (["ignore", "stream", "{file: out.txt}"] + capped).randomElement(using: &random)!
        let other = capped.map { $0.replacing("capped.txt", with: "other.txt") }
        let stderr = (["ignore", "stream", "stdout", "{file: err.txt}"] + other).randomElement(using: &random)!
        let list = { (paths: [String]) in "[\(paths.joined(separator: ", "))]" }
        program = try Sample.program(
            Sample.file(
                """
                inputs: [{path: in.txt, max_size: 1KiB}]
                stdin: \(stdin)
                stdout: \(stdout)
                stderr: \(stderr)
                environment: {set: {LC_ALL: C, HOME: /work}}
                """,
                security:
                    "{network: \(network), files: {read: \(list(Array(read))), execute: \(list(Array(execute)))}, devices: \(list(devices))}"
            ))

        var paths: [String: HostFacts.PathKind] = ["/usr": .directory]
        if Bool.random(using: &random) { paths["/etc/ld.so.cache"] = .file }
        if Bool.random(using: &random) { paths["/etc/alternatives"] = .directory }
        for path in shown { paths[path] = Self.files.contains(path) ? .file : .directory }
        for path in devices { paths[path] = .device }
        let controllers = some(["cpu", "io", "memory", "pids"])
        facts = HostFacts(
            controllers: Bool.random(using: &random) ? Set(controllers) : nil,
            landlockABI: Int.random(in: 0...7, using: &random),
            seccompNotify: Bool.random(using: &random), cpus: Int.random(in: 1...130, using: &random), paths: paths,
            rootLinks: Bool.random(using: &random) ? ["lib64": "usr/lib64", "bin": "usr/bin"] : [:])
        request = Request(inputs: [RequestedInput(name: "in.txt", size: 1)])
    }

    /// Whether jrun-init has to carry the stream.
    func isRelayed(_ sink: StreamSink, _ cap: StreamCap?) -> Bool {
        if case .file = sink { return cap != nil }
        return sink == .stream
    }

    var plan: LaunchPlan { get throws { try Sample.plan(program, on: facts, request) } }
    var warmPlan: LaunchPlan {
        get throws {
            try Sample.plan(program, on: facts, request, hold: .init(directory: ".warm-x", gone: ".gone-x"))
        }
    }
}
