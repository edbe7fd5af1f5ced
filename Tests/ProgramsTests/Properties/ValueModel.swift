/// A value rule as the tests know it: written as YAML, a source of examples, and a plain reading of the page's table.
indirect enum ValueModel {
    case integer(min: Int?, max: Int?, units: [String])
    case decimal(min: Double?, max: Double?, units: [String])
    case choice([String])
    case string(PatternModel?, maxBytes: Int?)
    case file(String, patterns: [GlobModel], exceptions: [GlobModel])
    /// The bounds as they are written, with their milliseconds.
    case duration(min: (String, Int)?, max: (String, Int)?, units: [String])
    /// The same in bytes.
    case size(min: (String, Int)?, max: (String, Int)?, units: [String])
    case date
    case list(separator: String?, of: ValueModel, min: Int?, max: Int?)

    /// The files that every request of the property tests brings.
    static let inputs = ["in.a", "d/in.b", "x.y", "a"]

    static func random(_ dice: inout Dice, isElement: Bool = false) -> ValueModel {
        switch dice.number(below: isElement ? 9 : 10) {
        case 0:
            let min = dice.pick([nil, -3, 0, 1]), max = dice.pick([nil, 9, 120])
            return .integer(min: min, max: max, units: units(&dice))
        case 1: return .decimal(min: dice.pick([nil, -1.5, 0]), max: dice.pick([nil, 9.5, 1e3]), units: units(&dice))
        case 2: return .choice(dice.pick([["fast", "slow"], ["a"], ["-c", "b", "é"], ["x", "x=y", "5"]]))
        case 3: return .string(PatternModel.random(&dice), maxBytes: nil)
        case 4: return .string(nil, maxBytes: dice.pick([nil, 1, 5]))
        case 5: return .file(dice.pick(["input", "output", "any"]), patterns: [], exceptions: globs(&dice, most: 1))
        case 6:
            let patterns = [GlobModel.random(&dice)] + globs(&dice, most: 1)
            return .file(dice.pick(["output", "any"]), patterns: patterns, exceptions: globs(&dice, most: 2))
        case 7: return quantity(&dice)
        case 8: return .date
        default:
            let bounds = dice.pick([(nil, nil), (0, 1), (2, 3), (nil, 2)] as [(Int?, Int?)])
            return .list(
                separator: dice.pick([nil, ":", "x"]), of: random(&dice, isElement: true), min: bounds.0, max: bounds.1)
        }
    }

    private static func units(_ dice: inout Dice) -> [String] {
        dice.once(in: 3) ? dice.pick([["px"], ["%", ""], ["K", "KB"]]) : []
    }

    private static func quantity(_ dice: inout Dice) -> ValueModel {
        if dice.once(in: 2) {
            return .duration(
                min: dice.pick([nil, ("500ms", 500)]), max: dice.pick([nil, ("1.5h", 5_400_000)]),
                units: dice.pick([[], [], ["s", "m"], ["ms"]]))
        }
        return .size(
            min: dice.pick([nil, ("1KiB", 1024)]), max: dice.pick([nil, ("2MB", 2_000_000)]),
            units: dice.pick([[], [], ["K", "M"], ["", "kB"], [""]]))
    }

    private static func globs(_ dice: inout Dice, most: Int) -> [GlobModel] {
        (0..<dice.number(0...most)).map { _ in GlobModel.random(&dice) }
    }

    // MARK: Written

    var yaml: String {
        switch self {
        case .integer(let min, let max, let units):
            "{integer: \(Self.mapping(min.map(String.init), max.map(String.init), units))}"
        case .decimal(let min, let max, let units):
            "{decimal: \(Self.mapping(min.map { String($0) }, max.map { String($0) }, units))}"
        case .choice(let texts): "{choice: [\(texts.map(quotedForYAML).joined(separator: ", "))]}"
        case .string(let pattern, let max):
            "{string: "
                + Self.mapping(pattern.map { ("pattern", quotedForYAML($0.source)) }, max.map { ("max", String($0)) })
                + "}"
        case .file(let direction, let patterns, let exceptions):
            "{file: "
                + Self.mapping(
                    ("direction", direction), Self.globs("pattern", patterns), Self.globs("except", exceptions)) + "}"
        case .duration(let min, let max, let units): "{duration: \(Self.mapping(min?.0, max?.0, units))}"
        case .size(let min, let max, let units): "{size: \(Self.mapping(min?.0, max?.0, units))}"
        case .date: "{date: true}"
        case .list(let separator, let element, let min, let max):
            "{list: "
                + Self.mapping(
                    separator.map { ("separator", quotedForYAML($0)) }, ("of", element.yaml),
                    min.map { ("min", String($0)) }, max.map { ("max", String($0)) }) + "}"
        }
    }

    private static func globs(_ key: String, _ globs: [GlobModel]) -> (String, String)? {
        let texts = globs.map { quotedForYAML($0.source) }
        return texts.isEmpty ? nil : (key, texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]")
    }

    private static func mapping(_ min: String?, _ max: String?, _ units: [String]) -> String {
        let list = units.isEmpty ? nil : ("units", "[\(units.map(quotedForYAML).joined(separator: ", "))]")
        return mapping(min.map { ("min", $0) }, max.map { ("max", $0) }, list)
    }

    private static func mapping(_ entries: (String, String)?...) -> String {
        "{" + entries.compactMap { $0 }.map { "\($0): \($1)" }.joined(separator: ", ") + "}"
    }

    // MARK: Examples

    /// A text that is accepted, or nil when none is found.
    func example(_ dice: inout Dice) -> String? {
        for _ in 0..<8 {
            let text = candidate(&dice)
            if accepts(text) { return text }
        }
        return nil
    }

    private func candidate(_ dice: inout Dice) -> String {
        switch self {
        case .integer(_, _, let units):
            return dice.pick(["0", "1", "5", "9", "64", "-2"]) + (units.isEmpty ? "" : dice.pick(units))
        case .decimal(_, _, let units):
            return dice.pick(["0", "1", "-0.5", "2.5e-3", "9.5", "1E2"]) + (units.isEmpty ? "" : dice.pick(units))
        case .choice(let texts): return dice.pick(texts)
        case .string(nil, _): return dice.pick(["a", "é", "a b", "", "x=y", "b.c"])
        case .string(let pattern?, _): return pattern.example(&dice)
        case .file("input", _, _): return dice.pick(Self.inputs)
        case .file(_, let patterns, _):
            return patterns.isEmpty ? dice.pick(["f", "d/f", "x.y", "ä"]) : dice.pick(patterns).example(&dice)
        case .duration: return dice.pick(["500ms", "1s", "1.5s", "10m", "01s", "1h", "2d"])
        case .size: return dice.pick(["1", "4096", "10K", "512KiB", "1.5MiB", "2MB", "1G", "1kB", "01M", "1.0K"])
        case .date: return dice.pick(["2024-02-29", "1999-12-31", "0001-01-01"])
        case .list(let separator, let element, let min, let max):
            let count = dice.number((min ?? 1)...(max ?? (min ?? 1) + 2))
            return (0..<count).map { _ in element.candidate(&dice) }.joined(separator: separator ?? ",")
        }
    }
}
