import Testing

@testable import Programs

/// Whatever is written into a file or a request: an answer, never a crash. The seed is in every failure's message.
@Suite struct FuzzTests {
    @Test func randomBytesNeverCrash() {
        for seed in PropertyRun.seeds(3000) {
            var random = SeededGenerator(seed: seed)
            let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            #expect(!Sample.errors(bytes).isEmpty, "seed \(seed)")
        }
    }

    @Test func mutatedFilesNeverCrash() {
        let alphabet = Array("{}[]:,-#&*!|>'\"%@`\n\t 09az\u{E9}".utf8)
        for seed in PropertyRun.seeds(5000) {
            var random = SeededGenerator(seed: seed)
            var bytes = Array(Sample.glpsol.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[place] = alphabet.randomElement(using: &random)!
                case 1: bytes.insert(alphabet.randomElement(using: &random)!, at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &random)))
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: 0)
                }
            }
            switch ProgramFile.parse(bytes, fileName: "seed-\(seed)") {
            case .success(let program):
                // What is still accepted keeps its bounds.
                for name in LimitName.allCases {
                    let rule = program.limits[name]
                    #expect(rule.default >= 1 && rule.default <= rule.max, "seed \(seed)")
                }
                #expect(program.executable.hasPrefix("/"), "seed \(seed)")
            case .failure(let errors):
                #expect(
                    !errors.errors.isEmpty && errors.errors.allSatisfy { $0.line > 0 && $0.column > 0 }, "seed \(seed)")
            }
        }
    }

    @Test(arguments: [
        "[", "{", "- ", "? ", "a: ", "[a, ", "{a: ", "!", "&a ", "*a ", "'", "\"", "|\n ", "\n", "#", "%", "é", ",",
        "---\n",
    ])
    func oneMebibyteOfAnything(piece: String) {
        let count = (1 << 20) / piece.utf8.count
        #expect(!Sample.errors(String(repeating: piece, count: count)).isEmpty)
    }

    @Test func billionLaughsIsRefusedUnexpanded() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(Sample.errors(text).count == 101)
        #expect(Sample.errors(text).contains("test:1:5: anchors (&name) are not allowed"))
        #expect(Sample.errors(text).contains("test:2:5: anchors (&name) are not allowed"))
    }

    @Test func randomArgumentsNeverCrash() throws {
        let program = try Sample.program(rules: [
            "{option: [-o, --out], value: {file: output}, form: [separate, equals, attached], repeat: 3}", "{flag: -x}",
            "{one_of: [{flag: -a}, {argument: N, value: {integer: {}}, repeat: {min: 0, max: 3}}], required: false}",
            "{argument: A, value: {list: {of: {decimal: {}}}}, repeat: {min: 0, max: 4}}",
            "{literal: b, required: false}",
            "{argument: C, value: {choice: [b, c, -c]}}", "{separator: true}",
        ])
        let pieces = [
            "-", "--", "o", "out", "=", "x", "a", "1", "9", ".", ",", "b", "c", "-c", "\0", "é", "/", "..", " ", "e",
        ]
        for seed in PropertyRun.seeds(20_000) {
            var random = SeededGenerator(seed: seed)
            let arguments = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            }
            switch program.check(Request(arguments: arguments)) {
            case .success(let accepted):
                #expect(accepted.arguments == arguments, "seed \(seed)")
                #expect(accepted.outputs.allSatisfy { checkFileName($0) == nil }, "seed \(seed)")
            case .failure(let violations): #expect(!violations.violations.isEmpty, "seed \(seed)")
            }
        }
    }

    /// Lists written from the grammar itself: counts within their bounds, options anywhere among the positionals.
    @Test func whatTheGrammarWritesIsAccepted() throws {
        for seed in PropertyRun.seeds(5000) {
            var random = SeededGenerator(seed: seed)
            let (rules, lists) = randomGrammar(&random)
            let program = try Sample.program(rules: rules)
            for list in lists {
                #expect(program.refusals(list) == [], "seed \(seed): \(rules) on \(list)")
                #expect(program.refusals(list + ["--not-described"]) != [], "seed \(seed)")
            }
        }
    }

    private func randomGrammar(_ random: inout SeededGenerator) -> (rules: [String], lists: [[String]]) {
        let values: [(rule: String, examples: [String])] = [
            ("{integer: {min: 0, max: 9}}", ["0", "9", "5"]), ("{choice: [a, b, -c]}", ["a", "b", "-c"]),
            ("{file: output}", ["f", "d/f", "x.y"]), ("{date: true}", ["2024-01-31"]),
        ]
        var rules: [String] = []
        var counts: [(name: String?, range: ClosedRange<Int>, examples: [String])] = []
        for number in 0..<Int.random(in: 0...5, using: &random) {
            let value = values.randomElement(using: &random)!
            let low = Int.random(in: 0...2, using: &random)
            let high = max(1, low + Int.random(in: 0...2, using: &random))
            let name = Bool.random(using: &random) ? "--n\(number)" : nil
            let kind = name.map { "option: \($0)" } ?? "argument: A\(number)"
            rules.append("{\(kind), value: \(value.rule), repeat: {min: \(low), max: \(high)}}")
            counts.append((name, low...high, value.examples))
        }
        let lists = (0..<4).map { _ in randomList(counts, &random) }
        return (rules, lists)
    }

    private func randomList(
        _ counts: [(name: String?, range: ClosedRange<Int>, examples: [String])], _ random: inout SeededGenerator
    ) -> [String] {
        var list: [[String]] = []
        for rule in counts where rule.name == nil {
            for _ in 0..<Int.random(in: rule.range, using: &random) {
                list.append([rule.examples.randomElement(using: &random)!])
            }
        }
        for rule in counts {
            guard let name = rule.name else { continue }
            for _ in 0..<Int.random(in: rule.range, using: &random) {
                let value = rule.examples.randomElement(using: &random)!
                let words = Bool.random(using: &random) ? [name, value] : ["\(name)=\(value)"]
                list.insert(words, at: Int.random(in: 0...list.count, using: &random))
            }
        }
        return list.flatMap { $0 }
    }
}
