extension ManualPage {
    /// More optional flags and options than these are summed up: a synopsis is to be taken in at a glance.
    private static let maxOptionalUnits = 10

    // MARK: Synopsis

    mutating func writeSynopsis() {
        page.heading("SYNOPSIS")
        let head = ["jrun exec", program.name] + inputUnits
        let items = program.arguments.items
        let commands = items.compactMap(\.command)
        if items.isEmpty { return page.units(head, hanging: PageWriter.step) }
        let outer = units(items)
        if commands.isEmpty { return page.units(head + ["--"] + outer, hanging: PageWriter.step) }
        for command in commands {
            page.units(
                head + ["--"] + outer + [command.name] + units(command.arguments.items), hanging: PageWriter.step)
        }
    }

    private var inputUnits: [String] {
        let rules = program.inputRules
        if rules.isEmpty { return [] }
        let isRequired = program.inputs.contains { item in
            switch item {
            case .rule(let rule): rule.required
            case .oneOf(_, let required, _): required
            }
        }
        let repeats = rules.count > 1 || rules.contains { $0.maxCount > 1 } ? "…" : ""
        return [isRequired ? "--input FILE\(repeats)" : "[--input FILE]\(repeats)"]
    }

    /// A longer group is broken inside.
    private var maxUnit: Int { page.width - 2 * PageWriter.step }

    private func units(_ items: [ArgumentItem]) -> [String] {
        let isOptionalFlag = items.map { $0.isOptional && !$0.hasPositional }
        let sumUp = isOptionalFlag.count { $0 } > Self.maxOptionalUnits
        var units: [String] = []
        for (number, item) in items.enumerated() where item.command == nil {
            if sumUp, isOptionalFlag[number] {
                if !units.contains("[OPTION]…") { units.append("[OPTION]…") }
            } else {
                units += item.synopsis.count > maxUnit ? item.pieces : [item.synopsis]
            }
        }
        return units
    }

    // MARK: Arguments and commands

    mutating func writeArguments() {
        let commands = program.arguments.items.compactMap(\.command)
        if program.arguments.items.count > commands.count {
            page.heading("ARGUMENTS")
            write(program.arguments, level: 1)
        }
        if commands.isEmpty { return }
        page.heading("COMMANDS")
        for (number, command) in commands.enumerated() {
            if number > 0 { page.blankLine() }
            page.entry(command.name, [command.help ?? ""])
            write(command.arguments, level: 2)
        }
    }

    private mutating func write(_ grammar: ArgumentGrammar, level: Int) {
        if grammar.order == .fixed, grammar.items.count > 1 {
            page.paragraph("In this order:", level: level)
        }
        if grammar.clusters {
            page.paragraph("Flags of one letter may share one dash.", level: level)
        }
        for item in grammar.items { write(item, level: level) }
    }

    private mutating func write(_ item: ArgumentItem, level: Int) {
        switch item {
        case .rule(let rule): page.entry(rule.term, [rule.help ?? "", rule.conditions], level: level)
        case .oneOf(let members, let required, let help):
            let what = required ? "One of these is required:" : "At most one of these:"
            page.paragraph(help.map { "\($0). \(what)" } ?? what, level: level)
            write(members, level: level + 1)
        case .allOf(let members, let help):
            page.paragraph(help.map { "\($0). Together:" } ?? "Together:", level: level)
            for member in members { write(member, level: level + 1) }
        case .separator(let help): page.entry("--", [help ?? "", "What stands behind it is no option."], level: level)
        case .command: break
        }
    }

    /// Members of which nothing is to be said but their names stand on one line.
    private mutating func write(_ members: [ArgumentItem], level: Int) {
        let names = members.compactMap { member -> String? in
            guard case .rule(let rule) = member, rule.help == nil, rule.conditions.isEmpty else { return nil }
            return rule.term
        }
        if names.count < members.count {
            for member in members { write(member, level: level) }
            return
        }
        page.units(names.enumerated().map { $0 == 0 ? $1 : "| \($1)" }, level: level)
    }
}

extension ArgumentItem {
    var command: CommandRule? {
        if case .command(let command) = self { command } else { nil }
    }

    /// All rules in it, however deep; of a command none.
    var leaves: [ArgumentRule] {
        switch self {
        case .rule(let rule): [rule]
        case .oneOf(let members, _, _), .allOf(let members, _): members.flatMap(\.leaves)
        case .command, .separator: []
        }
    }

    fileprivate var hasPositional: Bool { leaves.contains(where: \.isPositional) }

    fileprivate var isOptional: Bool {
        switch self {
        case .rule(let rule): rule.minCount == 0
        case .oneOf(_, let required, _): !required
        case .allOf, .command: false
        case .separator: true
        }
    }

    /// The synopsis in pieces that a line may end behind.
    fileprivate var pieces: [String] {
        switch self {
        case .oneOf(let members, let required, _):
            var pieces = members.enumerated().flatMap { number, member in
                var inner = member.leaves.count > 1 ? member.pieces : [member.memberSynopsis]
                if number > 0, !inner.isEmpty { inner[0] = "| " + inner[0] }
                return inner
            }
            if pieces.isEmpty { return [synopsis] }
            pieces[0] = (required ? "(" : "[") + pieces[0]
            pieces[pieces.count - 1] += required ? ")" : "]"
            return pieces
        case .allOf(let members, _): return members.flatMap(\.pieces)
        case .rule, .command, .separator: return [synopsis]
        }
    }

    /// `--model FILE`, `[--min]`, `(-c | -x)`.
    fileprivate var synopsis: String {
        switch self {
        case .rule(let rule):
            (rule.minCount > 0 ? rule.spelling : "[\(rule.spelling)]") + (rule.maxCount > 1 ? "…" : "")
        case .oneOf(let members, let required, _):
            (required ? "(" : "[") + members.map(\.memberSynopsis).joined(separator: " | ") + (required ? ")" : "]")
        case .allOf(let members, _): members.map(\.synopsis).joined(separator: " ")
        case .command(let command): command.name
        case .separator: "[--]"
        }
    }

    /// A member of a group is there or not by the group's leave, not by its own.
    private var memberSynopsis: String {
        if case .rule(let rule) = self { return rule.spelling + (rule.maxCount > 1 ? "…" : "") }
        return synopsis
    }
}

extension ArgumentRule {
    /// Every name, and the value with the first of the forms: `--model FILE, -m FILE`.
    fileprivate var term: String {
        guard case .option(_, _, let forms) = kind else { return names.joined(separator: ", ") }
        return spellings(in: forms.inOrder.first ?? .separate).joined(separator: ", ")
    }

    fileprivate var spelling: String {
        guard case .option(_, _, let forms) = kind else { return names[0] }
        return spellings(in: forms.inOrder.first ?? .separate).first ?? names[0]
    }

    private func spellings(in form: OptionForm) -> [String] {
        guard case .option(_, let value, _) = kind else { return names }
        return names(taking: form).map { form.usage($0, value) }
    }

    /// `the name of an input file; required; at most 4 times; not with --lp`.
    fileprivate var conditions: String {
        var phrases: [String] = []
        if let value { phrases.append(value.summary) }
        phrases += otherForms
        if minCount == 0, isPositional { phrases.append("optional") }
        if minCount > 0, !isPositional { phrases.append("required") }
        if maxCount > 1 {
            phrases.append(minCount > 1 ? "\(minCount) to \(maxCount) times" : "at most \(maxCount) times")
        }
        if !requires.isEmpty { phrases.append("requires \(requires.joined(separator: ", "))") }
        if !conflicts.isEmpty { phrases.append("not with \(conflicts.joined(separator: ", "))") }
        return phrases.joined(separator: "; ")
    }

    private var otherForms: [String] {
        guard case .option(_, _, let forms) = kind else { return [] }
        let texts = forms.inOrder.dropFirst().flatMap(spellings)
        return texts.isEmpty ? [] : ["also \(texts.joined(separator: ", "))"]
    }
}

extension Set<OptionForm> {
    /// The one that is shown first in front.
    fileprivate var inOrder: [OptionForm] { OptionForm.allCases.filter(contains) }
}
