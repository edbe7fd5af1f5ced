import TestSupport

/// A program file; the probe's unless a test says otherwise.
struct ProgramFile {
    var name = "probe"
    var executable: String
    /// Further top-level keys, each with its value in YAML's flow style.
    var keys: [String: String] = [
        "arguments": """
        [{argument: WORD, value: {string: {max: 4096}}, repeat: {min: 0, max: 200}}, {separator: true}]
        """,
        "inputs": """
        [{path: "**/*.txt", max_count: 20, max_size: 64KiB}, {path: "*.bin", max_count: 5, max_size: 64MiB}]
        """,
        "results": "[{path: \"*.out\", when: any, max_count: 20}]",
        "stop": "{signal: TERM, grace: 20s}",
    ]
    var limits = [
        "wall": "50s", "cpu": "50s", "memory": "256MiB", "processes": "20", "open_files": "64", "output": "64MiB",
        "disk": "80MiB", "temporary": "1MiB",
    ]
    var security: [String: String] = [:]

    /// - Parameter keys: in addition to, or in place of the usual ones.
    init(_ name: String = "probe", keys: [String: String] = [:], limits: [String: String] = [:]) throws {
        let place = try Place.shared.get()
        self.name = name
        executable = place.probe
        security["files"] = "{execute: [\(place.dist)/test]}"
        self.keys.merge(keys) { _, new in new }
        self.limits.merge(limits) { _, new in new }
    }

    var yaml: String {
        let head = "program: \(name)\nsummary: For the tests\nexecutable: \(executable)\n"
        func flow(_ values: [String: String]) -> String {
            "{" + values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
        return head + keys.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined()
            + "limits: \(flow(limits))\nsecurity: \(flow(security))\n"
    }
}
