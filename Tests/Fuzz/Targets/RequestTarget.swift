@testable import Programs

private let rules: Program? = {
    let arguments =
        " [{option: -o, value: {file: output}, required: false}, {flag: -v, required: false}, "
        + "{argument: N, value: {list: {of: {decimal: {}}}}, repeat: {min: 0, max: 4}}]"
    return try? ProgramFile.parse(Array(fuzzProgram(arguments: arguments).utf8), fileName: "fuzz").get()
}()

extension FuzzTarget {
    /// A request's JSON. Refused with reasons, or read whole; and what JSON was read is the same when it is printed.
    static let request = FuzzTarget("request") { bytes in
        if let value = try? JSONReader.read(bytes) {
            let printed = Array(value.compact().utf8)
            try promise((try? JSONReader.read(printed)) == value, "printed, it is other JSON")
        }
        switch RequestForm.parse(bytes) {
        case .failure(let violations): try promise(!violations.violations.isEmpty, "refused without a reason")
        case .success(let form):
            guard let rules else { throw BrokenPromise(description: "the rules of the target cannot be read") }
            let resolved = form.resolved(by: rules)
            try promise(
                resolved.arguments.allSatisfy { !$0.utf8.contains(0) } || !resolved.violations.isEmpty
                    || refuses(resolved, rules), "NUL in an argument")
        }
    }

    private static func refuses(_ form: ResolvedForm, _ program: Program) -> Bool {
        if case .failure = program.check(Request(arguments: form.arguments)) { return true }
        return false
    }
}
