import Confinement
import FoundationEssentials
import Programs
import Testing

// Plans as text, compared with the files in Golden/. A change that is meant is written there with
//
//     JRUN_UPDATE_GOLDEN=1 swift test --filter GoldenTests
//
// and then read in the diff, line by line: these files are what jrun does to a node.

struct GoldenCase: Sendable, CustomTestStringConvertible {
    var name: String
    var file: String
    var facts = Sample.fullNode
    var request = Request()
    var lifeline = true
    var hold: PlanInputs.Hold?
    var testDescription: String { name }
}

private let files = "inputs: [{path: in.txt, max_size: 1MiB}]"

let goldenCases = [
    GoldenCase(name: "minimal", file: Sample.file()),
    GoldenCase(
        name: "minimal-bare-node", file: Sample.file(),
        facts: HostFacts(
            controllers: [], landlockABI: 0, seccompNotify: false, cpus: 1, paths: ["/usr": .directory], rootLinks: [:])
    ),
    GoldenCase(
        name: "daemon-stop-and-suspend",
        file: Sample.file("stop: {signal: INT, grace: 1500ms}\nsuspend: {signal: USR1, grace: 2s}"), lifeline: false),
    GoldenCase(
        name: "warm", file: Sample.file(files + "\nstdin: {file: in.txt}\nstdout: {file: out.txt}\nstderr: ignore"),
        request: Request(inputs: [RequestedInput(name: "in.txt", size: 1)]), lifeline: false,
        hold: .init(directory: ".warm-x", gone: ".gone-x")),
    GoldenCase(
        name: "stdin-stream-landlock-1", file: Sample.file("stdin: stream"), facts: Sample.node(landlock: 1)),
    GoldenCase(
        name: "streams-in-files-landlock-4",
        file: Sample.file(files + "\nstdin: {file: in.txt}\nstdout: {file: out.txt}\nstderr: ignore"),
        facts: Sample.node(landlock: 4), request: Request(inputs: [RequestedInput(name: "in.txt", size: 1)])),
    GoldenCase(
        name: "capped-streams",
        file: Sample.file(
            "stdin: {stream: true, max_size: 1KiB}\nstdout: {file: logs/out.txt, max_size: 1MiB, excess: truncate}\nstderr: {stream: true, max_size: 64KiB}"
        )),
    GoldenCase(
        name: "stderr-to-stdout-without-memory", file: Sample.file("stdout: stream\nstderr: stdout"),
        facts: Sample.node(controllers: ["cpu", "pids"])),
    GoldenCase(
        name: "host-network-without-pids", file: Sample.file(security: "{network: host}"),
        facts: Sample.node(controllers: ["memory"])),
    GoldenCase(
        name: "extra-paths",
        file: Sample.file(
            security:
                "{files: {read: [/opt/data, /opt/tool/settings.yaml, /usr/share/models, /etc/fonts], execute: [/opt/tool/bin]}}"
        ),
        facts: Sample.node(paths: [
            "/opt/data": .directory, "/opt/tool/settings.yaml": .file, "/usr/share/models": .directory,
            "/etc/fonts": .directory, "/opt/tool/bin": .directory,
        ])),
    GoldenCase(
        name: "rootless-in-a-cgroup", file: Sample.file(), facts: Sample.node(rootless: .subordinate)),
    GoldenCase(
        name: "rootless-single-id-without-cgroup", file: Sample.file(),
        facts: Sample.node(controllers: nil, rootless: .single)),
    GoldenCase(
        name: "devices", file: Sample.file(security: "{devices: [/dev/kvm, /dev/dri/renderD128]}"),
        facts: Sample.node(paths: ["/dev/kvm": .device, "/dev/dri/renderD128": .device])),
    GoldenCase(
        name: "image",
        file: Sample.file(security: "{root: {image: box}, files: {read: [/usr/share/x]}, devices: [/dev/kvm]}"),
        facts: Sample.node(paths: ["/dev/kvm": .device], image: Sample.image)),
    GoldenCase(
        name: "image-writable", file: Sample.file(security: "{root: {image: box, writable: true}}"),
        facts: Sample.node(image: Sample.image)),
    GoldenCase(
        name: "arguments-and-environment",
        file: Sample.file(
            "arguments: [{argument: WORD, value: {string: {max: 99}}, repeat: 9}]\nenvironment: {set: {LC_ALL: C, TITLE: \"it's a title\"}}"
        ),
        request: Request(arguments: ["plain", "two words", "it's", "$HOME", "ä", "a=b"])),
]

@Suite struct GoldenTests {
    private static let directory =
        "\(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"))/Golden"

    @Test(arguments: goldenCases)
    func planIsTheGoldenOne(_ sample: GoldenCase) throws {
        let program = try Sample.program(sample.file)
        let text = try Sample.plan(
            program, on: sample.facts, sample.request, lifeline: sample.lifeline, hold: sample.hold
        ).render()
        let path = "\(Self.directory)/\(sample.name).txt"
        if ProcessInfo.processInfo.environment["JRUN_UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        let golden = try #require(
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) },
            "Golden/\(sample.name).txt is missing; JRUN_UPDATE_GOLDEN=1 writes it")
        #expect(firstDifference(text, golden) == nil)
    }

    /// A file that no test compares would look like a promise that nobody keeps.
    @Test func everyGoldenFileHasItsCase() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.directory)
        #expect(Set(names) == Set(goldenCases.map { "\($0.name).txt" }))
    }

    /// The first line that differs, with its number: easier to read than two whole plans.
    private func firstDifference(_ text: String, _ golden: String) -> String? {
        let ours = text.split(separator: "\n", omittingEmptySubsequences: false)
        let theirs = golden.split(separator: "\n", omittingEmptySubsequences: false)
        for index in 0..<max(ours.count, theirs.count) {
            let our = index < ours.count ? ours[index] : "(no line)"
            let their = index < theirs.count ? theirs[index] : "(no line)"
            if our != their { return "line \(index + 1): '\(our)', golden '\(their)'" }
        }
        return nil
    }
}
