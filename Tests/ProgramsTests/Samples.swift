@testable import Programs

/// What every test needs: files around a piece of YAML, and programs and requests made of short texts.
enum Sample {
    static let limits = "{wall: 10m, cpu: 10m, memory: 1GiB, processes: 32, open_files: 256, output: 64MiB, disk: 1GiB}"

    static let glpsol = """
        program: glpsol
        summary: Solve a linear or mixed-integer model
        executable: /usr/bin/glpsol
        arguments:
          - option: --model
            value: {file: input}
          - option: --output
            value: {file: output}
          - option: --tmlim
            value: {integer: {min: 1, max: 3600}}
          - flag: --min
        inputs:
          - {path: "*.mod", required: true, max_size: 10MiB}
        results:
          - {path: "*.sol", when: [complete], required: true}
          - {path: "*.log", when: any}
        stdin: ignore
        stdout: stream
        stderr: stream
        environment: {set: {LC_ALL: C}, accept: [{name: OMP_NUM_THREADS, value: {integer: {min: 1, max: 64}}}]}
        success: {exit_codes: [0]}
        stop: {signal: TERM, grace: 10s}
        limits: \(limits)
        security:
          root: host
          files: {read: [/usr/share/glpk]}
          network: none
          seccomp: default
          devices: []
        """

    /// A small file with `lines` put in before `limits`, which is line 4 then.
    static func file(_ lines: String) -> String {
        """
        program: tool
        summary: A tool
        executable: /usr/bin/tool
        \(lines)
        limits: \(limits)
        security: {}
        """
    }

    static func program(_ text: String) throws -> Program {
        try ProgramFile.parse(Array(text.utf8), fileName: "test").get()
    }

    /// A program with this list of argument rules, each line one rule in flow style.
    static func program(rules: [String], inputs: Bool = true) throws -> Program {
        let list = rules.isEmpty ? "arguments: []" : "arguments:\n" + rules.map { "  - " + $0 }.joined(separator: "\n")
        return try program(file(list + (inputs ? "\ninputs: [{path: \"**\", max_size: 1MiB}]" : "")))
    }

    /// The messages `FILE:LINE:COL: …` of a file that must not be accepted.
    static func errors(_ text: String, fileName: String = "test") -> [String] {
        errors(Array(text.utf8), fileName: fileName)
    }

    static func errors(_ bytes: [UInt8], fileName: String = "test") -> [String] {
        switch ProgramFile.parse(bytes, fileName: fileName) {
        case .success: []
        case .failure(let errors): errors.errors.map(\.description)
        }
    }
}

extension Program {
    /// The violations of an argument list, with these input files of one byte each.
    func refusals(_ arguments: [String], inputs: [String] = []) -> [String] {
        let request = Request(arguments: arguments, inputs: inputs.map { RequestedInput(name: $0, size: 1) })
        switch check(request) {
        case .success: return []
        case .failure(let violations): return violations.violations.map(\.description)
        }
    }
}

/// Words of a line, without quoting.
func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

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

extension String {
    /// The first place of a text; the standard library has this only with Foundation.
    func range(of text: String) -> Range<String.Index>? {
        indices.first { self[$0...].hasPrefix(text) }.map { $0..<index($0, offsetBy: text.count) }
    }

    func replacing(_ range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}

extension String {
    func replacing(_ text: String, with other: String) -> String {
        range(of: text).map { replacing($0, with: other) } ?? self
    }
}
