// The part of the program file's schema that is about arguments and values.

extension ProgramFileSchema {
    static let argumentList = Object(
        name: "argument_list", path: "arguments",
        keys: [
            Key("rules", "The argument rules.", ruleList, required: true),
            Key(
                "order",
                "free: flags and options stand in any order; fixed: they, too, stand where their rules stand.",
                words(ArgumentGrammar.Order.self).adding(["default": "free"])),
            Key(
                "cluster",
                "Flags of one letter may share one dash, and the last letter may be an option: -xzf FILE.",
                boolean.adding(["default": false])),
        ])

    /// What `arguments` may be, of a program and of a command.
    static let arguments: JSONValue = ["anyOf": [ruleList, reference("argument_list")]]

    private static let ruleList: JSONValue = ["type": "array", "maxItems": 500, "items": rule]

    private static let ruleKinds = [
        "flag", "option", "argument", "literal", "one_of", "all_of", "command", "separator",
    ]
    private static let rule: JSONValue = anyRule(ruleKinds.filter { $0 != "all_of" })

    /// Chosen by the key that says what the rule is, so that an editor speaks of that rule alone.
    private static func anyRule(_ kinds: [String]) -> JSONValue {
        [
            "type": "object",
            "oneOf": .array(kinds.map { ["required": .strings([$0])] }),
            "allOf": .array(kinds.map { ["if": ["required": .strings([$0])], "then": reference($0)] }),
        ]
    }

    // MARK: Rules

    private static let names = oneOrMore(text.adding(["minLength": 1, "maxLength": 256, "pattern": "^[!-<>-~]+$"]))
    private static let plain = text.adding(["minLength": 1, "maxLength": 256])

    private static func common(required: Bool) -> [Key] {
        [
            Key("required", "Must be used.", boolean.adding(["default": .bool(required)])),
            Key(
                "repeat", "The most times, or the least and the most.",
                ["anyOf": [integer(0...Int64(ArgumentMatcher.maxArguments)), reference("repeat")]]),
            Key("requires", "Names of rules in the same list that must be used too.", oneOrMore(text)),
            Key("conflicts", "Names of rules in the same list that must not be used too.", oneOrMore(text)),
            help,
        ]
    }

    static let help = Key("help", "For people.", text)

    private static func object(_ name: String, _ keys: [Key]) -> Object {
        Object(name: name, path: "arguments[]", keys: keys)
    }

    static let argumentRules: [Object] =
        [
            object(
                "flag",
                [Key("flag", "This text; a list gives aliases.", names, required: true)] + common(required: false)),
            object("option", optionKeys + common(required: false)),
            object(
                "argument",
                [
                    Key("argument", "A value at its place; the name is for messages.", plain, required: true),
                    Key("value", "What the value may be.", value, required: true),
                ] + common(required: true)),
            object(
                "literal",
                [Key("literal", "Exactly this text at its place.", plain, required: true)] + common(required: true)),
        ] + compositeRules + [
            Object(
                name: "repeat", path: "arguments[].repeat",
                keys: [
                    Key("min", "The least times.", integer(0...Int64(ArgumentMatcher.maxArguments))),
                    Key("max", "The most times.", integer(0...Int64(ArgumentMatcher.maxArguments)), required: true),
                ])
        ]

    private static let optionKeys = [
        Key("option", "This name with a value; a list gives aliases.", names, required: true),
        Key("value", "What the value may be.", value, required: true),
        Key(
            "form", "separate: --name VALUE; equals: --name=VALUE; attached: -nVALUE.",
            oneOrMore(words(OptionForm.self))),
    ]

    private static let compositeRules = [
        object(
            "one_of",
            [
                Key(
                    "one_of", "Exactly one of these.",
                    listOfOne(anyRule(ruleKinds.filter { !["one_of", "separator"].contains($0) })), required: true),
                Key("required", "false: at most one.", boolean.adding(["default": true])), help,
            ]),
        object(
            "all_of",
            [
                Key(
                    "all_of", "Rules that belong together, used as soon as one of them is.",
                    listOfOne(anyRule(["flag", "option", "argument", "literal", "one_of"])), required: true),
                help,
            ]),
        object(
            "command",
            [
                Key(
                    "command", "A command with a list of its own.", plain.adding(["pattern": "^(?!-.)"]), required: true
                ),
                Key("arguments", "What may stand behind it.", arguments), help,
            ]),
        object(
            "separator",
            [
                Key(
                    "separator", "-- is accepted; everything behind it is positional.", ["const": true], required: true),
                help,
            ]),
    ]

    // MARK: Values

    static let valueObjects: [Object] = [
        Object(name: "value", path: "value", keys: valueKinds),
        Object(name: "integer", path: "value.integer", keys: bounds(integer(.min ... .max)) + [units]),
        Object(name: "decimal", path: "value.decimal", keys: bounds(["type": "number"]) + [units]),
        Object(
            name: "string", path: "value.string",
            keys: [
                Key(
                    "pattern", "A regular expression that matches the whole text.",
                    text.adding(["maxLength": .integer(Pattern.maxBytes)])),
                Key(
                    "max", "Most bytes.",
                    integer(1...Int64(ValueRule.maxBytes)).adding(["default": .integer(ValueRule.defaultMaxBytes)])),
            ]),
        Object(
            name: "file", path: "value.file",
            keys: [
                Key("direction", "What the file is for.", words(FileDirection.self), required: true),
                Key("pattern", "The name matches this glob, or one of them.", globs),
                Key("except", "The name matches none of them.", globs),
            ]),
        Object(name: "duration_range", path: "value.duration", keys: bounds(duration) + [units(of: .duration)]),
        Object(name: "size_range", path: "value.size", keys: bounds(size) + [units(of: .size)]),
        Object(name: "list", path: "value.list", keys: listKeys),
    ]

    private static let valueKinds = [
        Key("integer", "A decimal integer without + and leading zeros.", reference("integer")),
        Key("decimal", "A decimal number such as 1, -0.5 or 2.5e-3.", reference("decimal")),
        Key("choice", "One of these texts.", listOfOne(text)),
        Key("string", "A text; without a pattern, one without control characters.", reference("string")),
        Key(
            "file", "A file name: input, one that the request brings; output, one that the program will write.",
            ["anyOf": [words(FileDirection.self), reference("file")]]),
        Key("duration", "A duration with its unit.", reference("duration_range")),
        Key("size", "A size; also 10K, 10M, 10G, 10T.", reference("size_range")),
        Key("date", "A day, YYYY-MM-DD.", ["const": true]),
        Key("list", "Several values in one text.", reference("list")),
    ]

    private static func bounds(_ schema: JSONValue) -> [Key] {
        [Key("min", "The least.", schema), Key("max", "The most.", schema)]
    }

    private static let units = Key(
        "units", "One of these texts stands directly behind the number; with \"\" among them also none.",
        listOfOne(text))

    private static func units(of kind: QuantityKind) -> Key {
        Key(
            "units", "Only whole numbers, directly followed by one of these.",
            listOfOne(["enum": .strings(kind.units)]))
    }

    private static let globs = oneOrMore(glob)

    private static let listKeys = [
        Key(
            "separator", "One ASCII character.",
            text.adding(["pattern": "^[!-~]$", "default": ","])),
        Key("of", "What each element may be; no list.", value.adding(["not": ["required": ["list"]]]), required: true),
        Key("min", "The fewest elements.", integer(0...10_000).adding(["default": 1])),
        Key("max", "The most elements.", integer(1...10_000).adding(["default": 1000])),
    ]
}
