// The part of the program file's schema that is about everything but arguments.

extension ProgramFileSchema {
    static let file = Object(
        name: "", path: "",
        keys: [
            Key("program", "The program's name; the file's name without .yaml.", name, required: true),
            Key("extends", "Name of a program file whose rules this one continues.", name),
            Key("abstract", "Only there to be extended; cannot be run.", boolean.adding(["default": false])),
            Key("summary", "One line for lists.", text, required: true),
            Key("version", "For people.", text),
            Key("executable", "Absolute path, as the run sees it.", path, required: true),
            Key("arguments", "What may stand on the command line; anything else is refused.", arguments),
            Key("inputs", "Files that a request brings; anything else is refused.", list(input)),
            Key("results", "Files that are collected when the run has ended.", list(reference("result"))),
            Key("stdin", "Where the program reads from.", stream("stdin", "ignore", "stream")),
            Key("stdout", "Where the program's output goes.", stream("stdout", "stream", "ignore")),
            Key("stderr", "Where the program's messages go.", stream("stderr", "stream", "ignore", "stdout")),
            Key("environment", "A run has no variable but those named here.", reference("environment")),
            Key("success", "Which ends mean complete.", reference("success")),
            Key("stop", "What a polite terminate sends.", reference("stop")),
            Key("suspend", "What is sent before a polite freeze.", reference("suspend")),
            Key("limits", "How far a run may go; none can be absent.", reference("limits"), required: true),
            Key("security", "What a run may see.", reference("security"), required: true),
            Key("who", "Users and groups that may run it.", reference("who")),
            Key(
                "warm", "Sandboxes that jrund keeps ready.",
                integer(0...Int64(Program.mostWarm)).adding(["default": 0])),
        ])

    // MARK: Files

    private static let input: JSONValue = [
        "type": "object", "oneOf": [["required": ["path"]], ["required": ["one_of"]]],
        "if": ["required": ["one_of"]], "then": reference("input_one_of"), "else": reference("input"),
    ]

    private static let inputKeys = [
        Key("path", "A glob; the first rule that matches a file decides.", glob, required: true),
        Key("max_size", "Largest size of one file.", size, required: true),
        Key("required", "At least one file must match.", boolean.adding(["default": false])),
        Key("max_count", "Most files that may match: 1 for a plain name, otherwise 1000.", integer(1...100_000)),
        Key("max_total", "Largest size of all matching files together.", size),
        Key(
            "type", "Kinds of content, one of which each file must be.",
            oneOrMore(["enum": .strings(ContentType.words)])),
        help,
    ]

    static let inputRule = Object(name: "input", path: "inputs[]", keys: inputKeys)

    static let inputOneOf = Object(
        name: "input_one_of", path: "inputs[]",
        keys: [
            Key(
                "one_of", "Exactly one of these rules has files.",
                listOfOne(reference("input").adding(["not": ["required": ["required"]]])), required: true),
            Key("required", "false: at most one.", boolean.adding(["default": true])), help,
        ])

    static let resultRule = Object(
        name: "result", path: "results[]",
        keys: [
            Key("path", "A glob.", glob, required: true),
            Key("when", "any, or final states and causes after which the file is collected.", ends, required: true),
            Key("required", "A complete run without such a file is failed.", boolean.adding(["default": false])),
            Key("max_size", "Largest size of one file; the run's disk limit unless given.", size),
            Key(
                "excess", "What becomes of a larger file.",
                words(ResultRule.Excess.self).adding(["default": "refuse"])),
            Key("max_count", "Most files.", integer(1...1_000_000).adding(["default": 1000])),
            help,
        ])

    private static let ends: JSONValue = {
        let names = RunState.allCases.filter(\.isFinal).map(\.rawValue) + Cause.allCases.map(\.rawValue)
        return ["anyOf": [["const": "any"], oneOrMore(["enum": .strings(names)])]]
    }()

    // MARK: Streams

    private static func stream(_ name: String, _ words: String...) -> JSONValue {
        ["anyOf": [["enum": .strings(words)], reference(name)], "default": .string(words[0])]
    }

    static let streams: [Object] = ["stdin", "stdout", "stderr"].map { name in
        Object(
            name: name, path: name,
            keys: [
                Key("stream", "To or from the requester, live.", ["const": true]),
                Key("file", "A file in the run's directory.", fileName),
                Key("max_size", "Most bytes.", size),
                Key(
                    "excess", "At max_size: kill ends the run, truncate drops the rest.",
                    words(StreamCap.Excess.self).adding(["default": "kill"])),
            ])
    }

    // MARK: Environment and end

    static let environment = [
        Object(
            name: "environment", path: "environment",
            keys: [
                Key(
                    "set", "Always set.",
                    ["type": "object", "propertyNames": ["pattern": variable], "additionalProperties": text]),
                Key("accept", "A request may set these.", list(reference("accepted_variable"))),
            ]),
        Object(
            name: "accepted_variable", path: "environment.accept[]",
            keys: [
                Key("name", "The variable.", ["type": "string", "pattern": variable], required: true),
                Key("value", "What its value may be.", value, required: true),
            ]),
    ]

    private static let variable: JSONValue = "^[A-Za-z_][A-Za-z0-9_]{0,255}$"

    static let success = Object(
        name: "success", path: "success",
        keys: [Key("exit_codes", "These mean complete.", listOfOne(integer(0...255)), required: true)])

    static let signals = ["stop", "suspend"].map { Object(name: $0, path: $0, keys: signalKeys) }

    private static let signalKeys = [
        Key("signal", "The signal.", words(StopSignal.self).adding(["default": "TERM"])),
        Key("grace", "How long the program then has.", duration.adding(["default": "10s"])),
    ]

    // MARK: Limits

    static let limits = Object(
        name: "limits", path: "limits",
        keys: LimitName.allCases.map { name in
            let quantity: JSONValue =
                switch name.unit {
                case .milliseconds: duration
                case .bytes: size
                case .count: reference("count")
                case .thousandths: reference("cpus")
                case .bytesPerSecond: ["anyOf": [size, ["const": "unlimited"]]]
                }
            let range: JSONValue = [
                "allOf": [reference("limit"), ["properties": ["default": quantity, "max": quantity]]]
            ]
            return Key(name.rawValue, "\(name.meaning).", ["anyOf": [quantity, range]])
        })

    static let limit = Object(
        name: "limit", path: "limits.NAME",
        keys: [
            Key("default", "What a run gets.", true, required: true),
            Key("max", "The most that a request may ask for.", true, required: true),
        ])

    // MARK: Security

    static let security = [
        Object(
            name: "security", path: "security",
            keys: [
                Key(
                    "root", "What the run sees as /.",
                    ["anyOf": [["const": "host"], reference("root")], "default": "host"]),
                Key("files", "Paths of the node that the run sees, read-only.", reference("files")),
                Key(
                    "network", "none: a loopback of its own; host: the node's.",
                    words(Network.self).adding(["default": "none"])),
                Key(
                    "seccomp", "default, a .json file in OCI form, or changes to the default.",
                    [
                        "anyOf": [
                            ["const": "default"], ["type": "string", "pattern": "\\.json$"], reference("seccomp"),
                        ], "default": "default",
                    ]),
                Key("devices", "Device nodes beneath /dev.", list(["type": "string", "pattern": "^/dev/[^/]"])),
            ]),
        Object(
            name: "root", path: "security.root",
            keys: [
                Key("image", "Name of an image, or NAME@sha256:DIGEST.", image, required: true),
                Key(
                    "writable", "Whether the run may change what it sees; its changes go with it.",
                    boolean.adding(["default": false])),
            ]),
        Object(
            name: "files", path: "security.files",
            keys: [
                Key("read", "Absolute paths.", list(path)),
                Key("execute", "Absolute paths beneath which files may be executed too.", list(path)),
            ]),
        Object(
            name: "seccomp", path: "security.seccomp",
            keys: [
                Key("extends", "What is changed.", ["const": "default"], required: true),
                Key("allow", "Further system calls, by name.", list(call)),
                Key("deny", "System calls that are refused, by name.", list(call)),
            ]),
    ]

    private static let image: JSONValue = text.adding([
        "pattern": "^[a-z0-9][a-z0-9._-]{0,63}(@sha256:[0-9a-f]{64})?$"
    ])

    private static let call: JSONValue = ["type": "string", "pattern": "^[a-z0-9_]{1,64}$"]

    static let who = Object(
        name: "who", path: "who",
        keys: [
            Key("users", "Names of users.", list(account)), Key("groups", "Names of groups.", list(account)),
        ])

    private static let account: JSONValue = text.adding(["minLength": 1])
}
