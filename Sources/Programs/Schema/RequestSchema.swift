extension Program {
    /// JSON Schema 2020-12 of a request for this program, as docs/request.md describes it.
    ///
    /// Never stricter than the rules: what they accept, it accepts.
    public var requestSchema: JSONValue {
        let arguments = ArgumentSchema(self.arguments)
        let inputs = InputSchema(self)
        let required = ["program"] + (arguments.canBeEmpty ? [] : ["arguments"]) + (inputs.isRequired ? ["inputs"] : [])
        return [
            "$schema": .string(schemaDialect), "$id": .string("urn:jrun:request:\(name)"),
            "title": .string(name), "description": .string(summary), "type": "object",
            "additionalProperties": false, "required": .strings(required),
            "properties": [
                "$schema": ["type": "string", "description": "For editors; without a meaning in a request."],
                "program": ["const": .string(name), "description": "The program's name."],
                "arguments": arguments.schema, "inputs": inputs.schema, "environment": environment.schema,
                "limits": limits.schema,
            ],
            "$defs": ["fileName": ValueRule.fileName, "content": InputSchema.content],
        ]
    }
}

/// The dialect of every schema that is printed.
let schemaDialect = "https://json-schema.org/draft/2020-12/schema"

extension EnvironmentRules {
    fileprivate var schema: JSONValue {
        let accepted = accept.map { rule -> JSONValue.Member in
            let value = rule.value.schema
            let usual = set[rule.name].map { JSONValue.object([JSONValue.Member("default", .string($0))]) }
            return JSONValue.Member(rule.name, usual.map(value.adding) ?? value)
        }
        return ["type": "object", "additionalProperties": false, "properties": .object(accepted)]
    }
}

extension LimitRules {
    fileprivate var schema: JSONValue {
        let properties = LimitName.allCases.map { JSONValue.Member($0.rawValue, schema($0)) }
        return ["type": "object", "additionalProperties": false, "properties": .object(properties)]
    }

    private func schema(_ name: LimitName) -> JSONValue {
        let rule = self[name]
        let text: JSONValue = ["type": "string", "pattern": .string(name.pattern)]
        let least = ["type": "integer", "minimum": 1] as JSONValue, isUnlimited = rule.max == LimitName.unlimited
        let number = isUnlimited ? least : least.adding(["maximum": .integer(rule.max)])
        let usual = name.unit == .count ? JSONValue.integer(rule.default) : .string(name.write(rule.default))
        let description: JSONValue = .string("\(name.meaning); \(name.formatMost(rule.max)).")
        let rest: JSONValue = ["description": description, "default": usual, "examples": [usual]]
        switch name.unit {
        case .milliseconds: return text.adding(rest)
        case .bytes, .count: return (["anyOf": [number, text]] as JSONValue).adding(rest)
        case .thousandths:
            let number: JSONValue = [
                "type": "number", "minimum": .number("0.01"), "maximum": .number(name.format(rule.max)),
            ]
            return (["anyOf": [number, text]] as JSONValue).adding(rest)
        case .bytesPerSecond:
            let words: [JSONValue] = isUnlimited ? [["const": "unlimited"]] : []
            return (["anyOf": .array([number, text] + words)] as JSONValue).adding(rest)
        }
    }
}

extension LimitName {
    /// What the limit is on, as the beginning of a sentence.
    var meaning: String {
        switch self {
        case .wall: "Time since the start, without suspended time"
        case .cpu: "Processor time of all processes together"
        case .memory: "Memory of all processes together"
        case .processes: "Processes and threads at once"
        case .open_files: "Open descriptors of one process"
        case .file_size: "Size of one file"
        case .output: "stdout and stderr together"
        case .disk: "Everything in the run's directory"
        case .temporary: "Size of /tmp and of /dev/shm, each"
        case .cpus: "Processors at once"
        case .io: "Bytes a second from and to the node's disks, each"
        }
    }

    /// Of a text that `parse` takes.
    var pattern: String {
        switch unit {
        case .milliseconds: ValueRule.quantity("ms|s|m|h|d", needsUnit: true)
        case .bytes, .bytesPerSecond: ValueRule.quantity("[KMGT]iB|[kKMGT]B|B", needsUnit: false)
        case .count: "^[0-9]{1,30}(?:\\.0{1,30})?$"
        case .thousandths: "^[0-9]{1,30}(?:\\.[0-9]{1,30})?$"
        }
    }

    /// How far a limit may be raised, as the end of a sentence.
    func formatMost(_ value: Int64) -> String {
        value == LimitName.unlimited ? "up to unlimited" : "at most \(format(value))"
    }

    /// The exact text of a value: `90s`, `1536MiB`.
    func write(_ value: Int64) -> String {
        if unit == .thousandths || value == LimitName.unlimited { return exactText(value) }
        let units: [(String, Int64)] =
            switch unit {
            case .milliseconds: [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
            case .bytes, .bytesPerSecond:
                [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)]
            case .count, .thousandths: [("", 1)]
            }
        let unit = units.first { value % $0.1 == 0 } ?? ("", 1)
        return "\(value / unit.1)\(unit.0)"
    }
}
