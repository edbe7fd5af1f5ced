/// The argument lists that a program accepts. What is not described is refused.
///
/// In a free order, options and flags may stand anywhere between the positionals; positionals (values and literals)
/// stand in the order of their rules. In a fixed order, so does everything. With commands, the first positional names
/// the command, and everything behind it belongs to the command's own grammar.
public struct ArgumentGrammar: Sendable, Equatable {
    /// Where flags and options may stand.
    public enum Order: String, Sendable, CaseIterable {
        /// Anywhere.
        case free
        /// Where their rules stand.
        case fixed
    }

    /// In the order of the file.
    public let items: [ArgumentItem]
    public let order: Order
    /// Whether flags of one letter may share one dash: `-xzf FILE`. Source: POSIX.1-2024, 12.2, guideline 5.
    public let clusters: Bool
    let index: GrammarIndex

    /// Accepts nothing but the empty list.
    public static let empty = ArgumentGrammar([])

    /// - Precondition: in a free order, no name is used by two rules, and nothing is clustered in a fixed one (the
    ///   decoder sees to it).
    init(_ items: [ArgumentItem], order: Order = .free, clusters: Bool = false) {
        self.items = items
        self.order = order
        self.clusters = clusters
        index = GrammarIndex(items, order: order, clusters: clusters)
    }

    public static func == (a: ArgumentGrammar, b: ArgumentGrammar) -> Bool {
        a.items == b.items && a.order == b.order && a.clusters == b.clusters
    }
}

/// One entry of an argument list in a program file.
public indirect enum ArgumentItem: Sendable, Equatable {
    case rule(ArgumentRule)
    /// Exactly one of the members, each a rule or `allOf`; or at most one when not required.
    case oneOf([ArgumentItem], required: Bool, help: String?)
    /// Rules that belong together, each a rule or `oneOf`; only inside `oneOf`.
    case allOf([ArgumentItem], help: String?)
    case command(CommandRule)
    /// `--` is accepted; everything behind it is positional.
    case separator(help: String?)
}

/// A command such as `sort` in `samtools sort`, with a grammar of its own.
public struct CommandRule: Sendable, Equatable {
    public var name: String
    public var arguments: ArgumentGrammar
    public var help: String?
}

/// One thing that may stand on the command line.
public struct ArgumentRule: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// Any of the names, without a value.
        case flag([String])
        /// Any of the names, with a value in one of the forms.
        case option([String], value: ValueRule, forms: Set<OptionForm>)
        /// A value at its place; the name is for messages.
        case positional(String, value: ValueRule)
        /// This text at its place.
        case literal(String)
    }

    public var kind: Kind
    public var minCount: Int
    public var maxCount: Int
    /// Names of rules that must also be used, or must not be used, when this one is.
    public var requires: [String]
    public var conflicts: [String]
    public var help: String?

    /// The names by which `requires` and `conflicts` know the rule.
    public var names: [String] {
        switch kind {
        case .flag(let names), .option(let names, _, _): names
        case .positional(let name, _): [name]
        case .literal(let text): [text]
        }
    }

    var isPositional: Bool {
        switch kind {
        case .flag, .option: false
        case .positional, .literal: true
        }
    }
}

/// How an option and its value are written.
public enum OptionForm: String, Sendable, CaseIterable {
    /// `--name value`
    case separate
    /// `--name=value`
    case equals
    /// `-nvalue`
    case attached
}
