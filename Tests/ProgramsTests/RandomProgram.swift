@testable import Programs

/// Programs as the decoder could make them, with every kind of rule and with texts that are hard to write down.
struct RandomProgram {
    private var random: SeededGenerator
    private var nextName = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func program() -> Program {
        let stdin: StreamSource = pick([.ignore, .stream, .file("in put")])
        let stdout: StreamSink = pick([.ignore, .stream, .file("o,t")])
        let stderr: StreamSink = pick([.ignore, .stream, .file("e: r"), .stdout])
        var program = Program(
            name: pick(["a", "1", "true", "0x1", "a.b-c_d"]), summary: prose(), version: maybe { $0.prose() },
            executable: pick(["/x", "/usr/bin/a b", "/x/#y: z", "/é"]), arguments: grammar(depth: 0),
            inputs: list(0...3) { $0.input() } + [.rule(anyInput)], results: list(0...3) { $0.result() },
            stdin: stdin, stdout: stdout, stderr: stderr, environment: environment(),
            successExitCodes: Set(list(1...40) { UInt8.random(in: 0...255, using: &$0.random) }),
            stop: stopRule(), suspend: maybe { $0.stopRule() }, limits: limits(), security: security(),
            who: maybe { WhoRule(users: $0.list(0...2) { $0.name() }, groups: $0.list(0...2) { $0.name() }) })
        if stdin == .stream { program.streamCaps.stdin = maybe { $0.cap() } }
        if stdout != .ignore { program.streamCaps.stdout = maybe { $0.cap() } }
        if stderr != .ignore, stderr != .stdout { program.streamCaps.stderr = maybe { $0.cap() } }
        return program
    }

    // MARK: Choosing

    private mutating func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &random)! }
    private mutating func chance() -> Bool { Bool.random(using: &random) }
    private mutating func maybe<Value>(_ value: (inout RandomProgram) -> Value) -> Value? {
        chance() ? value(&self) : nil
    }

    private mutating func list<Value>(
        _ count: ClosedRange<Int>, _ value: (inout RandomProgram) -> Value
    ) -> [Value] {
        (0..<Int.random(in: count, using: &random)).map { _ in value(&self) }
    }

    /// Round numbers as people write them, and any others.
    private mutating func quantity() -> Int64 {
        let unit: Int64 = pick([1, 1000, 60_000, 1 << 10, 1 << 20, 1 << 30, 86_400_000])
        return pick([1, .max, unit, unit * 3, unit * 1500, Int64.random(in: 1 ... .max, using: &random)])
    }

    private mutating func range(_ number: (inout RandomProgram) -> Int64) -> ClosedRange<Int64> {
        let a = number(&self)
        let b = number(&self)
        return min(a, b)...max(a, b)
    }

    // MARK: Texts

    private mutating func text() -> String {
        let pieces = [
            "a", "B", "1", "0", "-", "--", ":", ": ", "#", " #", " ", ",", "[", "]", "{", "}", "'", "\"", "\\", "&",
            "*",
            "!", "|", ">", "%", "@", "`", "~", "true", "null", "no", ".", "...", "=", "<<", "\n", "\t", "é", "e\u{301}",
            "\u{202E}", "\u{A0}", "\u{1B}", "\u{FEFF}", "👩‍👧", "e5", "x", "?",
        ]
        return list(0...5) { $0.pick(pieces) }.joined()
    }

    private mutating func prose() -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text().unicodeScalars.filter { !isControl($0) || $0 == "\n" })
        return String(scalars)
    }

    /// For what must not be empty, and must not be there twice.
    private mutating func name() -> String {
        nextName += 1
        return pick(["n", "no", "0", "a'b", "é", "~"]) + "\(nextName)"
    }

    // MARK: Arguments

    private mutating func grammar(depth: Int) -> ArgumentGrammar {
        let order: ArgumentGrammar.Order = pick([.free, .free, .fixed])
        var items = list(0...5) { $0.option() }.map { ArgumentItem.rule($0) }
        if depth < 2, chance() {
            items += list(1...3) { random in
                .command(
                    CommandRule(
                        name: random.name(), arguments: random.grammar(depth: depth + 1),
                        help: random.maybe { $0.prose() }))
            }
        } else {
            items += list(0...3) { .rule($0.positional()) } + list(0...2) { $0.choice(depth: 0) }
            if chance() { items.append(.separator(help: maybe { $0.prose() })) }
            if let name = items.first?.ruleNames.first, case .rule(var rule) = items[items.count - 1] {
                rule.requires = list(0...1) { _ in name }
                rule.conflicts = list(0...1) { _ in name }
                items[items.count - 1] = .rule(rule)
            }
        }
        return ArgumentGrammar(items, order: order, clusters: order == .free && chance())
    }

    private mutating func choice(depth: Int) -> ArgumentItem {
        let members = list(1...3) { random -> ArgumentItem in
            guard depth < 2, random.chance() else { return .rule(random.option()) }
            return .allOf(
                random.list(1...2) { .rule($0.option()) } + (depth < 1 ? [random.choice(depth: depth + 1)] : []),
                help: random.maybe { $0.prose() })
        }
        return .oneOf(members, required: chance(), help: maybe { $0.prose() })
    }

    private mutating func counted(_ kind: ArgumentRule.Kind) -> ArgumentRule {
        let least = pick([0, 1, 2])
        return ArgumentRule(
            kind: kind, minCount: least, maxCount: max(1, least) + pick([0, 0, 1, 17]), requires: [], conflicts: [],
            help: maybe { $0.prose() })
    }

    private mutating func option() -> ArgumentRule {
        let names = list(1...3) { $0.pick(["-", "--", "+"]) + "n\($0.fresh())" }
        if chance() { return counted(.flag(names)) }
        let isBare = pick([true, false, false])
        let forms: [Set<OptionForm>] =
            isBare
            ? [[.equals], [.attached], [.equals, .attached]]
            : [
                [.separate], [.separate, .equals], [.separate, .attached], [.separate, .equals, .attached], [.equals],
            ]
        return counted(.option(isBare ? ["n\(fresh())"] : names, value: value(), forms: pick(forms)))
    }

    private mutating func positional() -> ArgumentRule {
        counted(chance() ? .literal(name()) : .positional(name(), value: value()))
    }

    private mutating func fresh() -> Int {
        nextName += 1
        return nextName
    }

    private mutating func value(inList: Bool = false) -> ValueRule {
        let units = pick([[], [], ["px", "%"], ["", "k"]])
        switch Int.random(in: 0...(inList ? 7 : 8), using: &random) {
        case 0: return .integer(range { $0.pick([.min, .max, -5, 0, 64]) }, units: units)
        case 1:
            let bound = pick([nil, 0, 1.5, -2e-7, 1e300, 0.1 + 0.2, 123_456_789])
            return .decimal(min: bound, max: bound.map { $0 + 1 }, units: units)
        case 2: return .choice(list(1...30) { "\($0.text())\($0.fresh())" })
        case 3:
            let pattern = pick([nil, "[a-z]+\\d", "(a|b)*'\"", ".", "\\\\", "#", "x: y"]).flatMap { try? Pattern($0) }
            return .string(pattern: pattern, maxBytes: pick([1, 4096, 131_071]))
        case 4:
            let names = NameFilter(patterns: list(0...2) { $0.glob() }, exceptions: list(0...2) { $0.glob() })
            return .file(pick(FileDirection.allCases), names: names)
        case 5: return .duration(range { $0.quantity() }, units: pick([[], ["s", "ms"], ["d"]]))
        case 6: return .size(range { $0.quantity() }, units: pick([[], ["", "K"], ["MiB"]]))
        case 7: return .date
        default:
            let count = pick([1...1000, 0...1, 2...10_000])
            return .list(separator: pick([",", ":", "'", "#", "-"]), of: value(inList: true), count: count)
        }
    }

    // MARK: The rest

    private static let globs = ["**", "*.mod", "a", "data/**", "[!a]?", "# a", "é *", "no", "1", "'", "**/x: y"]
        .compactMap { try? Glob($0) }

    private mutating func glob() -> Glob { pick(Self.globs) }

    private var anyInput: InputRule {
        InputRule(path: Self.globs[0], required: false, maxSize: 1, maxCount: 1000)
    }

    private mutating func inputRule(required: Bool) -> InputRule {
        InputRule(
            path: glob(), required: required, maxSize: quantity(), maxCount: pick([1, 1000, 7]),
            maxTotal: maybe { $0.quantity() }, types: pick([[], [.text], [.asciiText, .png]]),
            help: maybe { $0.prose() })
    }

    private mutating func input() -> InputItem {
        if chance() { return .rule(inputRule(required: chance())) }
        return .oneOf(list(2...3) { $0.inputRule(required: false) }, required: chance(), help: maybe { $0.prose() })
    }

    private mutating func result() -> ResultRule {
        let states = Set(RunState.allCases.filter(\.isFinal).filter { _ in chance() })
        let causes = Set(Cause.allCases.filter { _ in chance() })
        let isAny = states.isEmpty && causes.isEmpty
        return ResultRule(
            path: glob(), when: isAny ? .any : .only(states: states, causes: causes), required: chance(),
            maxSize: maybe { $0.quantity() }, excess: pick(ResultRule.Excess.allCases), maxCount: pick([1, 1000]),
            help: maybe { $0.prose() })
    }

    private mutating func cap() -> StreamCap { StreamCap(maxSize: quantity(), excess: pick(StreamCap.Excess.allCases)) }

    private mutating func environment() -> EnvironmentRules {
        var set: [String: String] = [:]
        for name in ["NO", "y", "_", "LC_ALL", "E5", "null"] where chance() { set[name] = text() }
        return EnvironmentRules(
            set: set, accept: list(0...2) { .init(name: "V\($0.fresh())", value: $0.value()) })
    }

    private mutating func stopRule() -> StopRule {
        StopRule(signal: pick(StopSignal.allCases), graceMilliseconds: quantity())
    }

    private mutating func limits() -> LimitRules {
        LimitRules { name in
            let range = range { max($0.quantity(), name.smallest) }
            return LimitRule(default: chance() ? range.lowerBound : range.upperBound, max: range.upperBound)
        }
    }

    private mutating func security() -> SecurityProfile {
        let paths = ["/a", "/b c", "/x: #", "/é'\""]
        return SecurityProfile(
            root: pick([
                .host, .image(ImageRoot("no")),
                .image(ImageRoot("1@sha256:\(String(repeating: "0a", count: 32))", isWritable: true)),
            ]), read: list(0...2) { $0.pick(paths) },
            execute: list(0...2) { $0.pick(paths) }, network: pick(Network.allCases),
            seccomp: pick([
                .default, .file("a b.json"), .file("/x.json"), .extended(allow: [], deny: []),
                .extended(allow: ["ptrace"], deny: ["on", "no"]),
            ]),
            devices: list(0...1) { $0.pick(["/dev/kvm", "/dev/a b"]) })
    }
}

extension ArgumentItem {
    /// By which `requires` and `conflicts` know it.
    fileprivate var ruleNames: [String] {
        guard case .rule(let rule) = self else { return [] }
        return rule.names
    }
}
