extension ValueRule {
    /// The word that stands for the value in a usage line: `FILE`, `N`, `a|b`.
    public var placeholder: String {
        switch self {
        case .integer: "N"
        case .decimal: "NUMBER"
        case .choice(let texts): texts.count <= 4 ? texts.joined(separator: "|") : "WORD"
        case .string: "TEXT"
        case .file: "FILE"
        case .duration: "TIME"
        case .size: "SIZE"
        case .date: "DATE"
        case .list(let separator, let element, _): "\(element.placeholder)\(separator)…"
        }
    }

    /// The same where it stands in one argument with the option: `-l{m|pthread}`.
    var attachedPlaceholder: String {
        switch self {
        case .choice where placeholder.contains("|"): "{\(placeholder)}"
        case .list(let separator, let element, _): "\(element.attachedPlaceholder)\(separator)…"
        default: placeholder
        }
    }

    /// What is accepted, as a phrase: `an integer from 1 to 64`.
    public var summary: String {
        switch self {
        case .integer(let range, let units):
            "an integer" + Self.bounds(Self.limited(range), String.init) + Self.behind(units)
        case .decimal(let min, let max, let units):
            "a decimal number" + Self.bounds((min, max)) { String($0) } + Self.behind(units)
        case .choice(let texts): "one of " + shortList(texts, limit: 20)
        case .string(nil, let max): "a text of at most \(max) bytes"
        case .string(let pattern?, let max): "a text matching \(pattern.source), at most \(max) bytes"
        case .file(let direction, let names): Self.fileSummary(direction) + names.phrase
        case .duration(let range, let units):
            "a duration" + Self.bounds(Self.limited(range), formatDuration) + Self.wholeNumber(units)
        case .size(let range, let units):
            "a size" + Self.bounds(Self.limited(range), formatBytes) + Self.wholeNumber(units)
        case .date: "a date YYYY-MM-DD"
        case .list(let separator, let element, let count):
            Self.times(count) + (count.upperBound == 1 ? "" : " separated by '\(separator)', each")
                + " \(element.summary)"
        }
    }

    private static func times(_ count: ClosedRange<Int>) -> String {
        if count.upperBound == 1 { return "one value:" }
        return count.lowerBound == count.upperBound
            ? "\(count.lowerBound) values" : "\(count.lowerBound) to \(count.upperBound) values"
    }

    private static func fileSummary(_ direction: FileDirection) -> String {
        switch direction {
        case .input: "the name of an input file"
        case .output: "the name of an output file"
        case .any: "the name of a file"
        }
    }

    private static func behind(_ units: [String]) -> String {
        let named = units.filter { !$0.isEmpty }
        if named.isEmpty { return "" }
        return (named.count < units.count ? ", alone or" : ",") + " directly followed by "
            + (named.count == 1 ? named[0] : "one of \(shortList(named, limit: 20))")
    }

    private static func wholeNumber(_ units: [String]) -> String {
        units.isEmpty ? "" : ", a whole number" + behind(units)
    }

    /// The ends of the number line are no bounds.
    private static func limited(_ range: ClosedRange<Int64>) -> (Int64?, Int64?) {
        (range.lowerBound == .min ? nil : range.lowerBound, range.upperBound == .max ? nil : range.upperBound)
    }

    private static func bounds<Number>(_ range: (Number?, Number?), _ format: (Number) -> String) -> String {
        switch range {
        case (nil, nil): ""
        case (let low?, nil): " of at least \(format(low))"
        case (nil, let high?): " of at most \(format(high))"
        case (let low?, let high?): " from \(format(low)) to \(format(high))"
        }
    }
}

extension OptionForm {
    func usage(_ name: String, _ value: ValueRule) -> String {
        switch self {
        case .separate: "\(name) \(value.placeholder)"
        case .equals: "\(name)=\(value.attachedPlaceholder)"
        case .attached: "\(name)\(value.attachedPlaceholder)"
        }
    }
}

extension ArgumentRule {
    /// How it is written: `--model FILE`, `-lTEXT`, `--min`.
    public var usage: String {
        switch kind {
        case .flag(let names): names[0]
        case .option(let names, let value, _):
            OptionForm.allCases.lazy
                .compactMap { form in self.names(taking: form).first.map { form.usage($0, value) } }
                .first ?? names[0]
        case .positional(let name, _): name
        case .literal(let text): text
        }
    }

    var value: ValueRule? {
        switch kind {
        case .option(_, let value, _), .positional(_, let value): value
        case .flag, .literal: nil
        }
    }
}
