// The fuzz target: libFuzzer calls it with bytes that it invents and that reach new code. Tests/Fuzz/fuzz compiles it
// together with Sources/Programs and the models of the property tests into one module.
//
// The first byte says what the others are:
//   f  a program file
//   p  a pattern, a NUL, a text       g  a glob, a NUL, a name
//   a  a list of argument rules as YAML, then arguments, each behind a NUL
//   m  the choices of the property tests: a grammar, a list, and whether matcher and reference agree about it

@_cdecl("LLVMFuzzerTestOneInput") public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let kind = bytes.first else { return 0 }
    let rest = bytes.dropFirst()
    switch kind {
    case UInt8(ascii: "f"): programFile(rest)
    case UInt8(ascii: "p"): pattern(rest)
    case UInt8(ascii: "g"): glob(rest)
    case UInt8(ascii: "a"): arguments(rest)
    case UInt8(ascii: "m"): model(rest)
    // Not worth keeping in the corpus.
    default: return -1
    }
    return 0
}

private func programFile(_ bytes: ArraySlice<UInt8>) {
    switch ProgramFile.parse(Array(bytes), fileName: "fuzz") {
    case .failure(let errors):
        precondition(!errors.errors.isEmpty && errors.errors.count <= 101)
        precondition(errors.errors.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.message.isEmpty })
    case .success(let program):
        for name in LimitName.allCases {
            precondition((1...program.limits[name].max).contains(program.limits[name].default))
        }
        precondition(program.executable.utf8.first == UInt8(ascii: "/") && !program.executable.utf8.contains(0))
        _ = program.check(Request())
        guard case .success(program) = ProgramFile.parse(Array(program.yaml().utf8), fileName: "fuzz") else {
            preconditionFailure("printed, it is another program")
        }
        _ = program.warnings()
        _ = program.requestSchema
        _ = ManualPage(of: program).text()
    }
}

private func halves(_ bytes: ArraySlice<UInt8>) -> [String] {
    bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
}

private func pattern(_ bytes: ArraySlice<UInt8>) {
    let parts = halves(bytes)
    guard let pattern = try? Pattern(parts[0]) else { return }
    for text in parts.dropFirst() {
        let steps = pattern.simulate(text).steps
        precondition(steps <= pattern.stateCount * (text.unicodeScalars.count + 1), "not linear")
    }
}

private func glob(_ bytes: ArraySlice<UInt8>) {
    let parts = halves(bytes)
    guard let glob = try? Glob(parts[0]) else { return }
    for name in parts.dropFirst() where glob.matches(name) && checkFileName(name) != nil {
        // A glob never lets out of the directory: that is checked beside it, and what is left is a set of odd names.
        precondition(!glob.isPlain, "a plain name that is none")
    }
}

private func arguments(_ bytes: ArraySlice<UInt8>) {
    let parts = halves(bytes)
    let inputs = ["a", "in.a"]
    let file = """
        program: fuzz
        summary: x
        executable: /x
        limits: {wall: 1s, cpu: 1s, memory: 1, processes: 1, open_files: 1, output: 1, disk: 1}
        security: {}
        inputs: [{path: "**", max_size: 1}]
        arguments:
        """ + parts[0]
    guard case .success(let program) = ProgramFile.parse(Array(file.utf8), fileName: "fuzz") else { return }
    let list = Array(parts.dropFirst())
    let request = Request(arguments: list, inputs: inputs.map { RequestedInput(name: $0, size: 1) })
    switch program.check(request) {
    case .success(let accepted):
        precondition(accepted.arguments == list)
        precondition(accepted.outputs.allSatisfy { checkFileName($0) == nil })
    case .failure(let violations): precondition(!violations.violations.isEmpty)
    }
}

private func model(_ bytes: ArraySlice<UInt8>) {
    var dice = Dice(bytes: bytes)
    do {
        guard let sample = try ArgumentCase(RandomGrammar.make(&dice)) else { return }
        var list = ListWriter(grammar: sample.grammar).accepted(&dice) ?? []
        if dice.once(in: 2) { list = ListMutation(sample.grammar).mutated(list, &dice) }
        if let disagreement = sample.disagreement(on: list) { preconditionFailure(disagreement) }
    } catch { preconditionFailure("a grammar that follows the page is refused: \(error)") }
}
