/// JSON Schema 2020-12 of program files, for editors: docs/program-file.md, key by key.
///
/// What looks at several keys at once, or inside of a pattern, only the decoder knows. A file that extends another one
/// may lack what that one has.
public enum ProgramFileSchema {
    /// One mapping of the program file.
    struct Object {
        /// Its name in `$defs`; empty: the file itself.
        var name: String
        /// Where it stands: `inputs[]`, `value.integer`. Several may share one place.
        var path: String
        var keys: [Key]
    }

    struct Key {
        var name: String
        /// A sentence or two, for people.
        var description: String
        var schema: JSONValue
        var isRequired: Bool

        init(_ name: String, _ description: String, _ schema: JSONValue, required: Bool = false) {
            self.name = name
            self.description = description
            self.schema = schema
            isRequired = required
        }
    }

    /// Every key of a program file by its path: `limits.wall`, `inputs[].max_size`, `value.integer.min`.
    public static let keyPaths: [String] = {
        var seen = Set<String>()
        return objects.flatMap { object in
            object.keys.map { object.path.isEmpty ? $0.name : "\(object.path).\($0.name)" }
        }
        .filter { seen.insert($0).inserted }
    }()

    /// The schema itself.
    public static let schema: JSONValue = {
        let top = file.keys.map { JSONValue.Member($0.name, $0.property) }
        let definitions = objects.dropFirst().map { JSONValue.Member($0.name, $0.schema) } + shared
        return [
            "$schema": .string(schemaDialect), "$id": "urn:jrun:program-file",
            "title": "jrun program file",
            "description": "What a program may be asked to do, how far it may go and what it may see.",
            "type": "object", "additionalProperties": false, "properties": .object(top), "required": ["program"],
            "if": [
                "anyOf": [
                    ["required": ["extends"]],
                    ["required": ["abstract"], "properties": ["abstract": ["const": true]]],
                ]
            ],
            "else": [
                "required": .strings(file.keys.filter(\.isRequired).map(\.name)),
                "properties": [
                    "limits": [
                        "required": .strings(LimitName.allCases.filter { !$0.hasOwnDefault }.map(\.rawValue))
                    ]
                ],
            ],
            "$defs": .object(definitions),
        ]
    }()

    static let objects: [Object] =
        [file, argumentList] + argumentRules + valueObjects
        + [inputRule, inputOneOf, resultRule] + streams + environment + [success] + signals + [limits, limit] + security
        + [who]

    // MARK: Kinds of values

    /// A text; YAML takes one such as 1.5 or true for something else when it has no quotes.
    static let text: JSONValue = ["type": ["string", "number", "boolean"]]
    static let boolean: JSONValue = ["type": "boolean"]
    static let size: JSONValue = ["$ref": "#/$defs/size"]
    static let duration: JSONValue = ["$ref": "#/$defs/duration"]
    static let glob: JSONValue = ["$ref": "#/$defs/glob"]
    static let fileName: JSONValue = ["$ref": "#/$defs/file_name"]
    static let name: JSONValue = text.adding(["pattern": "^[a-z0-9][a-z0-9._-]{0,63}$"])
    static let path: JSONValue = ["type": "string", "pattern": "^/[^/]", "maxLength": 4095]
    static let value: JSONValue = ["$ref": "#/$defs/value"]

    static func list(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }
    static func listOfOne(_ items: JSONValue) -> JSONValue { ["type": "array", "minItems": 1, "items": items] }
    static func oneOrMore(_ item: JSONValue) -> JSONValue { ["anyOf": [item, listOfOne(item)]] }
    static func integer(_ range: ClosedRange<Int64>) -> JSONValue {
        ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    }
    static func words<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> JSONValue
    where Word.RawValue == String {
        ["enum": .strings(Word.allCases.map(\.rawValue))]
    }
    static func reference(_ object: String) -> JSONValue { ["$ref": "#/$defs/\(object)"] }

    private static let shared: [JSONValue.Member] = [
        .init(
            "size",
            [
                "description": "4096 (bytes), 512KiB, 10MiB, 1GiB, 1TiB, 3kB, 2MB, 1GB or 1TB.",
                "anyOf": [
                    ["type": "number", "exclusiveMinimum": 0],
                    ["type": "string", "pattern": .string(LimitName.memory.pattern)],
                ],
            ]),
        .init(
            "duration",
            [
                "description": "500ms, 10s, 10m, 2h or 1d.", "type": "string",
                "pattern": .string(LimitName.wall.pattern),
            ]),
        .init(
            "count",
            [
                "anyOf": [
                    ["type": "integer", "minimum": 1],
                    ["type": "string", "pattern": .string(LimitName.processes.pattern)],
                ]
            ]),
        .init(
            "cpus",
            [
                "description": "1, 1.5 or 8.",
                "anyOf": [
                    ["type": "number", "minimum": .number("0.01")],
                    ["type": "string", "pattern": .string(LimitName.cpus.pattern)],
                ],
            ]),
        .init("glob", text.adding(["maxLength": .integer(maxFileNameBytes), "pattern": "^[^/-]"])),
        .init("file_name", text.adding(["maxLength": .integer(maxFileNameBytes), "pattern": "^[^/-]"])),
    ]
}

extension ProgramFileSchema.Key {
    /// The description stands beside a reference as well.
    var property: JSONValue {
        guard case .object(let members) = schema else { return schema }
        return (["description": .string(description)] as JSONValue)
            .adding(.object(members.filter { $0.key != "description" }))
    }
}

extension ProgramFileSchema.Object {
    var schema: JSONValue {
        let required = keys.filter(\.isRequired).map(\.name)
        let object: JSONValue = [
            "type": "object", "additionalProperties": false,
            "properties": .object(keys.map { JSONValue.Member($0.name, $0.property) }),
        ]
        // The one key says what kind of value it is.
        if name == "value" { return object.adding(["minProperties": 1, "maxProperties": 1]) }
        return required.isEmpty ? object : object.adding(["required": .strings(required)])
    }
}

extension LimitName {
    /// May be left out of a program file.
    var hasOwnDefault: Bool { [.file_size, .temporary, .cpus, .io].contains(self) }
}
