/// `jrund.yaml` of a test.
struct Configuration {
    var directory: String
    /// Top-level keys, each with its value in YAML's flow style.
    var keys: [String: String]

    init(directory: String) {
        self.directory = directory
        keys = [
            "socket": "\(directory)/runtime/control.sock",
            "programs": "[\(directory)/programs]",
            "enforcement": "best-effort",
            "capacity": "{runs: 50, memory: 100GiB, cpus: 100, queue: 10}",
            "quota": "{runs: 100, kept: 10GiB}",
            "retention": "{time: 1d, size: 10GiB, created: 1d}",
        ]
    }

    subscript(key: String) -> String? {
        get { keys[key] }
        set { keys[key] = newValue }
    }

    var yaml: String { keys.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined() }
}
