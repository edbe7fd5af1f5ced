/// The schema of `inputs`: which names a request may and must bring. A name that several rules match belongs to the
/// first of them, as in the check.
struct InputSchema {
    private let program: Program
    private let rules: [InputRule]

    init(_ program: Program) {
        self.program = program
        rules = program.inputRules
    }

    var schema: JSONValue {
        let most = rules.reduce(0) { min($0 + min($1.maxCount, Program.maxInputs), Program.maxInputs) }
        var schema: JSONValue = [
            "type": "object", "additionalProperties": false, "maxProperties": .integer(most),
        ]
        if !rules.isEmpty {
            schema = schema.adding([
                "propertyNames": ["$ref": "#/$defs/fileName"], "patternProperties": .object(patternProperties),
            ])
        }
        if !requiredNames.isEmpty { schema = schema.adding(["required": .strings(requiredNames)]) }
        return conditions.isEmpty ? schema : schema.adding(["allOf": .array(conditions)])
    }

    /// Whether a request without inputs is refused.
    var isRequired: Bool {
        !requiredNames.isEmpty
            || program.inputs.contains { item in
                switch item {
                case .rule(let rule): rule.required
                case .oneOf(_, let required, _): required
                }
            }
    }

    /// What a file's content may look like in a request.
    static let content: JSONValue = [
        "type": "object",
        "oneOf": [
            [
                "title": "text", "properties": ["text": ["type": "string", "description": "The content, as UTF-8."]],
                "required": ["text"], "additionalProperties": false,
            ],
            [
                "title": "bytes",
                "properties": [
                    "base64": [
                        "type": "string", "contentEncoding": "base64",
                        "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
                        "description": "The content in base64 (RFC 4648, section 4), with padding.",
                    ]
                ],
                "required": ["base64"], "additionalProperties": false,
            ],
            [
                "title": "file of the node",
                "properties": [
                    "file": [
                        "type": "string", "minLength": 1,
                        "description":
                            "A path; relative ones begin at the request's directory. Only on the command line.",
                    ]
                ],
                "required": ["file"], "additionalProperties": false,
            ],
        ],
    ]

    // MARK: Names

    private var patternProperties: [JSONValue.Member] {
        var seen = Set<String>()
        return rules.compactMap { rule in
            let pattern = rule.path.regularExpression
            guard seen.insert(pattern).inserted else { return nil }
            return JSONValue.Member(
                pattern,
                [
                    "title": .string(rule.path.source), "description": .string(Self.words(rule)),
                    "$ref": "#/$defs/content",
                ])
        }
    }

    private static func words(_ rule: InputRule) -> String {
        let help = rule.help.map { "\($0)\n" } ?? ""
        let total = rule.maxTotal.map { "; altogether at most \(formatBytes($0))" } ?? ""
        let types = rule.types.isEmpty ? "" : "; content: \(rule.types.map(\.rawValue).joined(separator: ", "))"
        let count = rule.maxCount == 1 ? "One file" : "At most \(rule.maxCount) files"
        return "\(help)\(count) of at most \(formatBytes(rule.maxSize))\(total)\(types)."
    }

    /// A plain name that an earlier rule matches too is that rule's file.
    private var requiredNames: [String] {
        var names: [String] = []
        if case .file(let name) = program.stdin { names.append(name) }
        for case .rule(let rule) in program.inputs where rule.required && rule.path.isPlain {
            if !names.contains(where: { isSame($0, rule.path.source) }) { names.append(rule.path.source) }
        }
        return names
    }

    // MARK: Rules that need files

    private var conditions: [JSONValue] {
        var position = 0
        return program.inputs.flatMap { item -> [JSONValue] in
            defer { position += item.rules.count }
            switch item {
            case .rule(let rule): return rule.required && !rule.path.isPlain ? [hasFiles(position)] : []
            case .oneOf(let rules, let required, _):
                let uses = (position..<position + rules.count).map(hasFiles)
                return [["oneOf": .array(required ? uses : uses + [["not": ["anyOf": .array(uses)]]])]]
            }
        }
    }

    /// Holds when a name belongs to the rule: not all names are such that they do not.
    private func hasFiles(_ position: Int) -> JSONValue {
        let own = rules[position].path
        let earlier = rules[..<position].filter { Self.canOverlap($0.path, own) }
        var belongs: JSONValue = ["pattern": .string(own.regularExpression)]
        if !earlier.isEmpty {
            belongs = belongs.adding([
                "not": ["anyOf": .array(earlier.map { ["pattern": .string($0.path.regularExpression)] })]
            ])
        }
        return ["not": ["propertyNames": ["not": belongs]]]
    }

    /// Whether a name may match both: not when they end in different letters.
    private static func canOverlap(_ a: Glob, _ b: Glob) -> Bool {
        func end(_ glob: Glob) -> [UInt8] { glob.source.utf8.reversed().prefix { !"*?]".utf8.contains($0) } }
        return zip(end(a), end(b)).allSatisfy { $0 == $1 }
    }
}
