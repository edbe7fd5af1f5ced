/// What `jrun help NAME` prints: how a program is used under its rules, laid out like a manual page.
///
/// Everything on it comes from the rules; nothing is asked of the program itself.
public struct ManualPage {
    let program: Program
    var page: PageWriter

    /// - Parameters:
    ///   - width: columns of the terminal; from 40 to 100 are used.
    ///   - isBold: headings by terminal sequences.
    public init(of program: Program, width: Int = 80, isBold: Bool = false) {
        self.program = program
        page = PageWriter(width: width, isBold: isBold)
    }

    /// The page, with a newline at its end.
    public func text() -> String {
        var manual = self
        manual.write()
        return manual.page.text
    }

    private mutating func write() {
        page.heading("NAME")
        page.paragraph("\(program.name) - \(program.summary)")
        writeSynopsis()
        writeDescription()
        writeArguments()
        writeFiles()
        writeStreams()
        writeEnvironment()
        writeLimits()
        writeExitStatus()
        writeExamples()
    }

    private mutating func writeDescription() {
        page.heading("DESCRIPTION")
        let version = program.version.map { " (version \($0))" } ?? ""
        page.paragraph(
            "Runs \(program.executable)\(version) isolated, in a directory of the run's own. What is not listed here is"
                + " refused before anything runs.")
    }

    private mutating func writeEnvironment() {
        let rules = program.environment
        if rules.set.isEmpty, rules.accept.isEmpty { return }
        page.heading("ENVIRONMENT")
        for rule in rules.accept {
            let set = rules.set[rule.name].map { "; \($0) unless given" } ?? ""
            page.entry("--env \(rule.name)=\(rule.value.placeholder)", ["\(rule.value.summary)\(set)"])
        }
        let fixed = rules.set.filter { name, _ in !rules.accept.contains { isSame($0.name, name) } }
        if !fixed.isEmpty {
            let texts = fixed.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            page.paragraph("Always set: \(texts.joined(separator: ", "))")
        }
    }

    private mutating func writeLimits() {
        page.heading("LIMITS")
        page.paragraph("--limit NAME=VALUE lowers one, or raises it to what stands behind it.")
        page.table(
            LimitName.allCases.map { name in
                let rule = program.limits[name]
                let most = rule.max == rule.default ? [] : [name.formatMost(rule.max)]
                return [name.rawValue, name.format(rule.default)] + most
            })
    }

    private mutating func writeExitStatus() {
        page.heading("EXIT STATUS")
        let codes = program.successExitCodes.sorted().map { String($0) }.joined(separator: ", ")
        page.table([
            [codes, "complete"], ["other", "failed; the program's own exit code"],
            ["124", "ended by the limit wall or cpu"],
            ["125", "jrun refused or failed, or a required result is missing"],
            ["126, 127", "the program cannot be executed; is not there"],
            ["128+N", "ended by signal N; by any other limit, 137 or 153"],
        ])
    }

    private mutating func writeExamples() {
        let examples = program.exampleRequests()
        if examples.isEmpty { return }
        page.heading(examples.count == 1 ? "EXAMPLE" : "EXAMPLES")
        for request in examples.prefix(Self.maxExamples) {
            page.units(commandLine(request), hanging: PageWriter.step, continued: " \\")
        }
        if examples.count > Self.maxExamples {
            page.paragraph("… and \(examples.count - Self.maxExamples) more commands")
        }
    }

    private static let maxExamples = 8

    private func commandLine(_ request: Request) -> [String] {
        var units = ["jrun exec"] + request.inputs.map { "--input \(shellWord($0.name))" }
        units += request.environment.sorted { $0.key < $1.key }.map { "--env \(shellWord("\($0.key)=\($0.value)"))" }
        units.append(program.name)
        if !request.arguments.isEmpty { units += ["--"] + request.arguments.map(shellWord) }
        return units
    }
}

/// The text as a POSIX shell reads it as one word.
func shellWord(_ text: String) -> String {
    let plain = "%+,-./:=@_".utf8
    let isPlain = text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || plain.contains(byte)
    }
    if isPlain, !text.isEmpty { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
