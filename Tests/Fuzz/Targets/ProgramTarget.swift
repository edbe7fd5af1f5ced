@testable import Programs

extension FuzzTarget {
    /// A program file. What is accepted is bounded, can be printed and read again, and every view of it can be made.
    static let program = FuzzTarget("program", maxBytes: 8192) { bytes in
        switch ProgramFile.parse(bytes, fileName: "fuzz") {
        case .failure(let errors):
            try promise((1...101).contains(errors.errors.count), "\(errors.errors.count) errors")
            try promise(
                errors.errors.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.message.isEmpty },
                "an error has no place")
        case .success(let program):
            for name in LimitName.allCases {
                let rule = program.limits[name]
                try promise((1...rule.max).contains(rule.default), "limit \(name.rawValue)")
            }
            try promise(program.executable.hasPrefix("/") && !program.executable.utf8.contains(0), "executable")
            _ = program.check(Request())
            let again = ProgramFile.parse(Array(program.yaml().utf8), fileName: "fuzz")
            try promise((try? again.get()) == program, "printed, it is another program")
            // Bounded, but the bound is a second under a sanitizer: not for every input.
            if bytes.count % 16 == 0 { _ = program.warnings() }
            _ = program.requestSchema
            _ = ManualPage(of: program).text()
        }
    }

    /// A pattern, NUL, texts. Matching is linear.
    static let pattern = FuzzTarget("pattern") { bytes in
        let parts = parts(bytes)
        guard let pattern = try? Pattern(parts[0]) else { return }
        for text in parts.dropFirst() {
            let steps = pattern.simulate(text).steps
            try promise(steps <= pattern.stateCount * (text.unicodeScalars.count + 1), "\(steps) steps are not linear")
        }
    }

    /// A glob, NUL, names. It never lets out of the directory: that is checked beside it, and what is left are odd names.
    static let glob = FuzzTarget("glob") { bytes in
        let parts = parts(bytes)
        guard let glob = try? Glob(parts[0]) else { return }
        for name in parts.dropFirst() where glob.matches(name) && checkFileName(name) != nil {
            try promise(!glob.isPlain, "a plain name that is none")
        }
    }

    /// Argument rules as YAML, then arguments, each behind a NUL. What is accepted is handed on unchanged.
    static let arguments = FuzzTarget("arguments") { bytes in
        let parts = parts(bytes)
        let file = fuzzProgram(arguments: parts[0])
        guard case .success(let program) = ProgramFile.parse(Array(file.utf8), fileName: "fuzz") else { return }
        let list = Array(parts.dropFirst())
        let inputs = ["a", "in.a"].map { RequestedInput(name: $0, size: 1) }
        switch program.check(Request(arguments: list, inputs: inputs)) {
        case .success(let accepted):
            try promise(accepted.arguments == list, "other arguments were accepted")
            try promise(accepted.outputs.allSatisfy { checkFileName($0) == nil }, "an output leads out")
        case .failure(let violations): try promise(!violations.violations.isEmpty, "refused without a reason")
        }
    }

    /// The choices of the property tests: a grammar, a list, and whether matcher and reference agree about it.
    static let model = FuzzTarget("model") { bytes in
        var dice = Dice(bytes: bytes[...])
        guard let sample = try ArgumentCase(RandomGrammar.make(&dice)) else { return }
        var list = ListWriter(grammar: sample.grammar).accepted(&dice) ?? []
        if dice.once(in: 2) { list = ListMutation(sample.grammar).mutated(list, &dice) }
        if let disagreement = sample.disagreement(on: list) { throw BrokenPromise(description: disagreement) }
    }
}

func fuzzProgram(arguments: String) -> String {
    """
    program: fuzz
    summary: x
    executable: /x
    limits: {wall: 1s, cpu: 1s, memory: 1, processes: 1, open_files: 1, output: 1, disk: 1}
    security: {}
    environment: {accept: [{name: A, value: {integer: {min: 1, max: 64}}}]}
    inputs: [{path: "**", max_size: 1}]
    arguments:
    """ + arguments
}
