extension ValueRule {
    /// The schema of the JSON that `text(of:)` takes for such a value; never stricter than the rule.
    var schema: JSONValue {
        switch self {
        case .integer(let range, let units): Self.integerSchema(range, units)
        case .decimal(let min, let max, let units): Self.decimalSchema(min, max, units)
        case .choice(let texts): ["enum": .strings(texts)]
        case .string(let pattern, let maxBytes):
            [
                "type": "string", "maxLength": .integer(maxBytes),
                "pattern": .string(pattern?.regularExpression ?? Self.noControls),
            ]
        case .file(let direction, let names): Self.fileSchema(direction, names)
        case .duration(let range, let units):
            [
                "type": "string", "pattern": .string(Self.quantity("ms|s|m|h|d", needsUnit: true, only: units)),
                "description": .string(Self.sentence("A duration", Self.span(range, formatDuration))),
            ]
        case .size(let range, let units): Self.sizeSchema(range, units)
        case .date:
            [
                "type": "string", "format": "date",
                "pattern": "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$",
            ]
        case .list(let separator, let element, let count):
            [
                "type": "array", "minItems": .integer(count.lowerBound), "maxItems": .integer(count.upperBound),
                "items": element.schema,
                "description": .string("Joined by '\(separator)', which no element can contain."),
            ]
        }
    }

    /// C0, DEL, C1 and the marks that `isControl` names.
    static let controls = "\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069"
    private static let noControls = "^[^\(controls)]*$"

    // MARK: Numbers

    private static func integerSchema(_ range: ClosedRange<Int64>, _ units: [String]) -> JSONValue {
        let number: JSONValue = [
            "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
        ]
        let text = "-?(?:0|[1-9][0-9]*)"
        return numberSchema(number, text, units, span(range, String.init))
    }

    private static func decimalSchema(_ min: Double?, _ max: Double?, _ units: [String]) -> JSONValue {
        var number: JSONValue = ["type": "number"]
        if let min { number = number.adding(["minimum": .number("\(lax(min, outwards: \.nextDown))")]) }
        if let max { number = number.adding(["maximum": .number("\(lax(max, outwards: \.nextUp))")]) }
        let text = "-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
        let span = min.map { " at least \($0)" } ?? ""
        return numberSchema(number, text, units, span + (max.map { " at most \($0)" } ?? ""))
    }

    /// Beyond 2^53 the rule rounds an integer to the next `Double`, and a validator with exact integers does not.
    private static func lax(_ bound: Double, outwards: KeyPath<Double, Double>) -> Double {
        let next = bound[keyPath: outwards]
        return abs(bound) < 0x1p53 || !next.isFinite ? bound : next
    }

    /// A number, its text, or a text with a unit.
    private static func numberSchema(
        _ number: JSONValue, _ text: String, _ units: [String], _ span: String
    ) -> JSONValue {
        let alternatives = units.map { $0.unicodeScalars.map { Expression.escaped($0.value) }.joined() }
        let unit = units.isEmpty ? "" : "(?:\(alternatives.joined(separator: "|")))"
        var written: JSONValue = [
            "type": "string", "maxLength": .integer(maxBytes), "pattern": .string("^\(text)\(unit)$"),
        ]
        if !span.isEmpty { written = written.adding(["description": .string(sentence("The same as a text", span))]) }
        return units.isEmpty || units.contains("") ? ["anyOf": [number, written]] : written
    }

    private static func sizeSchema(_ range: ClosedRange<Int64>, _ units: [String]) -> JSONValue {
        let bytes: JSONValue = [
            "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            "description": "Bytes.",
        ]
        let spellings = quantity("[KMGT]iB|[kKMGT]B|B|[KMGT]", needsUnit: false, only: units)
        let text: JSONValue = [
            "type": "string", "pattern": .string(spellings),
            "description": .string(sentence("A size", span(range, formatBytes))),
        ]
        return units.isEmpty || units.contains("") ? ["anyOf": [bytes, text]] : text
    }

    /// As `parseQuantity` reads it, or with a whole number and some of the units as `QuantityKind` does.
    static func quantity(_ units: String, needsUnit: Bool, only some: [String] = []) -> String {
        if !some.isEmpty { return "^[1-9][0-9]*(?:\(some.joined(separator: "|")))$" }
        return "^[0-9]{1,30}(?:\\.[0-9]{1,30})?(?:\(units))\(needsUnit ? "" : "?")$"
    }

    // MARK: Files

    private static func fileSchema(_ direction: FileDirection, _ names: NameFilter) -> JSONValue {
        let what: JSONValue =
            switch direction {
            case .input: "The name of a file among the request's inputs."
            case .output: "The name of a file that the program will write."
            case .any: "The name of a file: an input, or one that the program will write."
            }
        var schema: JSONValue = ["$ref": "#/$defs/fileName", "description": what]
        if let pattern = oneOf(names.patterns) { schema = schema.adding(["pattern": pattern]) }
        if let pattern = oneOf(names.exceptions) { schema = schema.adding(["not": ["pattern": pattern]]) }
        return schema
    }

    /// One expression for whatever one of the globs matches.
    private static func oneOf(_ globs: [Glob]) -> JSONValue? {
        globs.isEmpty ? nil : .string(globs.map(\.regularExpression).joined(separator: "|"))
    }

    /// A name that `checkFileName` accepts; maxLength counts characters where the rule counts bytes.
    static let fileName: JSONValue = {
        let component = "(?!\\.{1,2}(?:/|$))[^/\(controls)]{1,\(maxComponentBytes)}"
        return [
            "type": "string", "minLength": 1, "maxLength": .integer(maxFileNameBytes),
            "pattern": .string("^(?!-)\(component)(?:/\(component))*$"),
        ]
    }()

    // MARK: Words

    private static func sentence(_ what: String, _ span: String) -> String {
        what + (span.isEmpty ? "" : ",") + span + "."
    }

    /// ` from 1 s to 1 h`; the ends of the number line are no bounds.
    private static func span(_ range: ClosedRange<Int64>, _ format: (Int64) -> String) -> String {
        let least = range.lowerBound == .min ? "" : " at least \(format(range.lowerBound))"
        return least + (range.upperBound == .max ? "" : " at most \(format(range.upperBound))")
    }
}
