/// Takes a request's JSON apart; collects everything that is wrong, each with its path.
struct RequestFormReader {
    static let keys = ["$schema", "program", "arguments", "inputs", "environment", "limits"]
    static let contents = ["text", "base64", "file"]

    private(set) var violations: [Violation] = []

    mutating func form(_ root: JSONValue) -> RequestForm? {
        let top = JSONPath()
        guard let members = members(root, top, "request", keys: Self.keys) else { return nil }
        var form = RequestForm(program: "")
        for member in members {
            let path = top.key(member.key)
            switch member.key {
            case "$schema": _ = text(member.value, path, "request")
            case "program": form.program = program(member.value, path)
            case "arguments": form.arguments = arguments(member.value, path)
            case "inputs": form.inputs = inputs(member.value, path)
            case "environment": form.environment = self.members(member.value, path, "environment") ?? []
            case "limits": form.limits = limits(member.value, path)
            default: break
            }
        }
        if root["program"] == nil { refuse("request", top, "the required key 'program' is missing") }
        return form
    }

    // MARK: Parts

    /// A name, never a path: whoever sends a request does not choose the program file.
    private mutating func program(_ value: JSONValue, _ path: JSONPath) -> String {
        let name = text(value, path, "program") ?? ""
        if case .string = value, let reason = reasonAgainstName(name) {
            refuse("program", path, "\(quoted(name)): \(reason)")
        }
        return name
    }

    private mutating func arguments(_ value: JSONValue, _ path: JSONPath) -> JSONValue? {
        switch value {
        case .array, .object: return value
        default:
            refuse("arguments", path, "expected a list of texts or an object, found \(value.kind)")
            return nil
        }
    }

    private mutating func inputs(_ value: JSONValue, _ path: JSONPath) -> [RequestForm.Input] {
        var inputs: [RequestForm.Input] = []
        for member in members(value, path, "inputs") ?? [] {
            guard let content = content(member.value, path.key(member.key)) else { continue }
            inputs.append(RequestForm.Input(name: member.key, content: content))
        }
        return inputs
    }

    private mutating func content(_ value: JSONValue, _ path: JSONPath) -> RequestForm.Content? {
        guard let members = members(value, path, "inputs", keys: Self.contents) else { return nil }
        let known = members.filter { Self.contents.contains($0.key) }
        guard known.count == 1, members.count == 1 else {
            // An unknown key has been reported already.
            if known.count == members.count {
                refuse("inputs", path, "expected exactly one of \(Self.contents.joined(separator: ", "))")
            }
            return nil
        }
        let path = path.key(known[0].key)
        guard let text = text(known[0].value, path, "inputs") else { return nil }
        switch known[0].key {
        case "text": return .bytes(Array(text.utf8))
        case "file":
            if text.isEmpty || text.utf8.contains(0) { refuse("inputs", path, "not a possible path") }
            return .file(text)
        default:
            do { return .bytes(try decodeBase64(text)) } catch {
                refuse("inputs", path, error.reason)
                return nil
            }
        }
    }

    private mutating func limits(_ value: JSONValue, _ path: JSONPath) -> [LimitName: Int64] {
        var limits: [LimitName: Int64] = [:]
        for member in members(value, path, "limits", keys: LimitName.allCases.map(\.rawValue)) ?? [] {
            guard let name = LimitName(rawValue: member.key) else { continue }
            let place = path.key(member.key)
            switch member.value {
            case .string(let text), .number(let text):
                do { limits[name] = try name.parse(text) } catch { refuse("limits", place, error.reason) }
            default: refuse("limits", place, "expected a text or a number, found \(member.value.kind)")
            }
        }
        return limits
    }

    // MARK: Values

    private mutating func text(_ value: JSONValue, _ path: JSONPath, _ rule: String) -> String? {
        if case .string(let text) = value { return text }
        refuse(rule, path, "expected a text, found \(value.kind)")
        return nil
    }

    /// - Parameter keys: the only ones that are known here; `nil`: any.
    private mutating func members(
        _ value: JSONValue, _ path: JSONPath, _ rule: String, keys: [String]? = nil
    ) -> [JSONValue.Member]? {
        guard case .object(let members) = value else {
            refuse(rule, path, "expected an object, found \(value.kind)")
            return nil
        }
        for member in members {
            guard let keys, !keys.contains(where: { isSame($0, member.key) }) else { continue }
            refuse(rule, path.key(member.key), unknownKey(member.key, among: keys))
        }
        return members
    }

    private mutating func refuse(_ rule: String, _ path: JSONPath, _ message: @autoclosure () -> String) {
        // One more than is shown tells that there are more; suggestions cost time.
        guard violations.count <= Violations.maxCount else { return }
        violations.append(Violation(rule: rule, place: "\(path)", message: message()))
    }
}

/// `not known here; did you mean 'x'? allowed: …`
func unknownKey(_ key: String, among keys: [String]) -> String {
    guard !keys.isEmpty else { return "not known here; nothing is" }
    return "not known here\(suggestion(for: key, among: keys, else: ";")) allowed: \(shortList(keys, limit: 20))"
}

/// Why a part of a request's JSON is not what belongs there.
struct FormError: Error, Equatable {
    var reason: String
}

/// RFC 4648, section 4: with padding, without line breaks, and the unused bits zero, so that there is one way to write
/// each content.
func decodeBase64(_ text: String) throws(FormError) -> [UInt8] {
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else {
        throw FormError(reason: "\(characters.count) characters; base64 has a multiple of 4, with '=' at the end")
    }
    let padding = characters.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3)
    var bits: UInt32 = 0
    for (number, character) in characters.dropLast(padding).enumerated() {
        guard let value = base64Value(character) else {
            throw FormError(reason: "character \(number + 1) is not base64")
        }
        bits = bits << 6 | UInt32(value)
        if number % 4 == 3 { bytes += [UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255)] }
    }
    let unused: UInt32
    switch padding {
    case 1:
        unused = bits & 3
        bytes += [UInt8(bits >> 10 & 255), UInt8(bits >> 2 & 255)]
    case 2:
        unused = bits & 15
        bytes.append(UInt8(bits >> 4 & 255))
    default: unused = 0
    }
    guard unused == 0 else { throw FormError(reason: "not base64: the last character says more than a byte holds") }
    return bytes
}

private func base64Value(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
}
