extension JSONValue {
    /// Longest object or list that stays on one line, characters with its indentation.
    private static let lineLength = 120

    /// Readable JSON, keys in their order, small things on one line, a newline at the end.
    public func pretty() -> String {
        var text = ""
        write(to: &text, indentation: 0, behind: 0)
        return text + "\n"
    }

    /// On one line.
    func compact() -> String {
        switch self {
        case .null: "null"
        case .bool(let value): String(value)
        case .number(let text): text
        case .string(let text): Self.literal(text)
        case .array(let items): "[" + items.map { $0.compact() }.joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.literal($0.key)): \($0.value.compact())" }.joined(separator: ", ") + "}"
        }
    }

    /// - Parameter behind: how much of the line is taken by a key.
    private func write(to text: inout String, indentation: Int, behind: Int) {
        if let line = short(Self.lineLength - indentation - behind) {
            text += line
            return
        }
        let inner = "\n" + String(repeating: " ", count: indentation + 2)
        let end = "\n" + String(repeating: " ", count: indentation)
        switch self {
        case .array(let items):
            text += "["
            for (number, item) in items.enumerated() {
                text += (number == 0 ? "" : ",") + inner
                item.write(to: &text, indentation: indentation + 2, behind: 1)
            }
            text += end + "]"
        case .object(let members):
            text += "{"
            for (number, member) in members.enumerated() {
                let key = Self.literal(member.key) + ": "
                text += (number == 0 ? "" : ",") + inner + key
                member.value.write(to: &text, indentation: indentation + 2, behind: key.utf8.count + 1)
            }
            text += end + "}"
        default: text += compact()
        }
    }

    /// The value on one line if it fits. Looked at by size first: printing everything at every level would take
    /// quadratic time.
    private func short(_ room: Int) -> String? {
        var room = room
        return fits(&room) ? compact() : nil
    }

    private func fits(_ room: inout Int) -> Bool {
        switch self {
        case .null, .bool: room -= 4
        case .number(let text), .string(let text): room -= text.utf8.count + 2
        case .array(let items):
            room -= 2
            for item in items { guard room >= 0, item.fits(&room) else { return false } }
        case .object(let members):
            room -= 2
            for member in members {
                room -= member.key.utf8.count + 6
                guard room >= 0, member.value.fits(&room) else { return false }
            }
        }
        return room >= 0
    }

    /// A text with its quotes. Everything that a terminal would obey or hide is escaped.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\t": literal += "\\t"
            default:
                if isControl(scalar) {
                    let digits = String(scalar.value, radix: 16)
                    literal += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
                } else {
                    literal.unicodeScalars.append(scalar)
                }
            }
        }
        return literal + "\""
    }
}
