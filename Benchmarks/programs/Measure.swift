// What the rules of a program cost: reading its file, checking a request, matching a pattern. Prints one line of JSON
// for each figure, with every sample in milliseconds; Benchmarks/programs/run makes the table.

import Glibc
import Programs

@main struct Measure {
    static func main() {
        let repetitions = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 30 : 30
        let directory = CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : "."
        loading(directory, repetitions)
        hostile(repetitions)
        checking(repetitions)
        reuse(repetitions)
        matching(repetitions)
    }

    // MARK: What is measured

    /// Every file is read from the disk, parsed, checked and compiled.
    private static func loading(_ directory: String, _ repetitions: Int) {
        let names = (0..<1000).map { "program-\($0).yaml" }
        measure("load 1,000 program files", repetitions) {
            for name in names {
                guard case .success = ProgramFile.parse(read("\(directory)/\(name)"), fileName: name) else {
                    fail("'\(directory)/\(name)' is not a program file")
                }
            }
        }
    }

    /// What an author could write to keep the reader busy; all of them are refused.
    private static func hostile(_ repetitions: Int) {
        let files = [
            ("unknown keys nearly right", (0..<9900).map { "limits\(String(repeating: "s", count: 50))\($0): 1\n" }),
            (
                "400 patterns of 900 states",
                ["arguments:\n"]
                    + (0..<400).map {
                        "  - {option: --o\($0), value: {string: {pattern: '\(String(repeating: "(a|b)", count: 180))'}}}\n"
                    } + ["x: 1\n"]
            ),
            ("1 MiB of one text", ["version: \"", String(repeating: "x", count: (1 << 20) - 400), "\"\nx: 1\n"]),
        ]
        for (name, lines) in files {
            let bytes = Array((head + lines.joined()).utf8)
            measure("refuse a file: \(name)", repetitions) {
                if case .success = ProgramFile.parse(bytes, fileName: "tool") { fail("accepted: \(name)") }
            }
        }
    }

    private static func checking(_ repetitions: Int) {
        let program = parsed(tool)
        let list = (0..<2500).flatMap { ["--define", "name\($0)=value", "--level=\($0 % 9)", "file\($0).txt"] }
        let request = Request(arguments: list)
        measure("check 10,000 arguments", repetitions) { accept(program, request) }
        let fixed = parsed(fixedTool)
        measure("check 10,000 arguments, fixed order", repetitions) {
            accept(fixed, Request(arguments: (0..<5000).flatMap { ["-i", "file\($0)"] }))
        }
    }

    private static func reuse(_ repetitions: Int) {
        let bytes = Array(tool.utf8)
        let request = Request(arguments: ["--define", "a=b", "--level=3", "-v", "in.txt", "out.txt"])
        var program = parsed(tool)
        // Reading and compiling are one step: what a program file costs before its first request.
        measure("read and compile one program, 100 times", repetitions) {
            for _ in 0..<100 {
                guard case .success(let read) = ProgramFile.parse(bytes, fileName: "tool") else { fail("not read") }
                program = read
            }
        }
        let fresh = { (0..<100).map { _ in parsed(tool) } }
        measure("first check after compiling, 100 times", repetitions, prepare: fresh) { programs in
            for program in programs { accept(program, request) }
        }
        measure("later check with the compiled program, 100 times", repetitions) {
            for _ in 0..<100 { accept(program, request) }
        }
    }

    private static func matching(_ repetitions: Int) {
        guard let hostile = try? Pattern("(a+)+$"), let plain = try? Pattern("[a-z]+_[0-9]{1,4}") else {
            fail("patterns are not read")
        }
        let long = String(repeating: "a", count: 1 << 16)
        measure("(a+)+$ against 64 KiB of a", repetitions) { if !hostile.matches(long) { fail("no match") } }
        let refused = long + "!"
        measure("(a+)+$ against 64 KiB of a and !", repetitions) { if hostile.matches(refused) { fail("match") } }
        let short = String(repeating: "a", count: 22) + "!"
        measure("(a+)+$ against 22 a and !", repetitions) { if hostile.matches(short) { fail("match") } }
        measure("[a-z]+_[0-9]{1,4} against 10,000 short texts", repetitions) {
            for number in 0..<10_000 where !plain.matches("name_\(number)") { fail("no match") }
        }
    }

    // MARK: How

    private static func measure(_ name: String, _ repetitions: Int, _ body: () -> Void) {
        let nothing = {}
        measure(name, repetitions, prepare: nothing) { _ in body() }
    }

    private static func measure<Input>(
        _ name: String, _ repetitions: Int, prepare: () -> Input, _ body: (Input) -> Void
    ) {
        body(prepare())
        let samples = (0..<repetitions).map { _ in
            let input = prepare()
            let time = ContinuousClock().measure { body(input) }
            return Double(time.components.attoseconds) / 1e15 + Double(time.components.seconds) * 1000
        }
        print("{\"name\": \"\(name)\", \"milliseconds\": \(samples)}")
    }

    private static func accept(_ program: Program, _ request: Request) {
        if case .failure(let violations) = program.check(request) { fail("\(violations)") }
    }

    private static func parsed(_ text: String) -> Program {
        switch ProgramFile.parse(Array(text.utf8), fileName: "tool") {
        case .success(let program): return program
        case .failure(let errors): fail("\(errors)")
        }
    }

    private static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { fail("'\(path)' cannot be read") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    private static func fail(_ message: String) -> Never {
        print("bench: \(message)")
        exit(1)
    }

    // MARK: The programs

    private static let head = """
        program: tool
        summary: A tool
        executable: /usr/bin/tool
        limits: {wall: 10m, cpu: 10m, memory: 1GiB, processes: 32, open_files: 256, output: 64MiB, disk: 1GiB}
        security: {}

        """

    private static let tool =
        head + """
            arguments:
              - {option: [-D, --define], value: {string: {pattern: "[a-z0-9]+=[a-z]*"}}, repeat: 10000}
              - {option: --level, value: {integer: {min: 0, max: 9}}, repeat: 10000}
              - {flag: [-v, --verbose]}
              - one_of: [{flag: --fast}, {all_of: [{flag: --exact, required: true}, {option: --digits, value: {integer: {}}}]}]
                required: false
              - {argument: FILE, value: {file: output}, repeat: 10000}
            """

    private static let fixedTool =
        head + """
            arguments:
              order: fixed
              rules: [{option: -i, value: {file: output}, repeat: 10000}]
            """
}
