extension SeccompFileReader {
    /// `includes` and `excludes`: a program has no capabilities, this architecture and this kernel.
    ///
    /// - Parameter including: every part has to hold, and one that is not there does; otherwise one part is enough.
    func condition(_ value: JSONValue?, _ path: JSONPath, including: Bool) throws(Refusal) -> Bool {
        guard let value, value != .null else { return including }
        try members(value, path, ["caps", "arches", "minKernel"])
        let caps = try texts(value["caps"] ?? .null, path.key("caps"))
        let arches = try texts(value["arches"] ?? .null, path.key("arches"))
        var parts: [Bool] = []
        if !caps.isEmpty { parts.append(false) }
        if !arches.isEmpty { parts.append(arches.contains(machine.architecture.rawValue)) }
        if let version = value["minKernel"], version != .null {
            parts.append(try isAtLeast(version, path.key("minKernel")))
        }
        return including ? parts.allSatisfy { $0 } : parts.contains(true)
    }

    /// `4.8`
    private func isAtLeast(_ value: JSONValue, _ path: JSONPath) throws(Refusal) -> Bool {
        let text = try self.text(value, path)
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil }
        guard parts.count == 2, numbers.count == 2 else {
            throw Refusal(path, "\(quoted(text)) is not a kernel's version; write two numbers, such as \"4.8\"")
        }
        return (machine.kernel.major, machine.kernel.minor) >= (numbers[0], numbers[1])
    }

    // MARK: JSON

    func members(_ value: JSONValue, _ path: JSONPath, _ keys: [String]) throws(Refusal) {
        guard case .object(let members) = value else { throw Refusal(path, "expected an object, found \(value.kind)") }
        for member in members where !keys.contains(member.key) {
            let cure = suggestion(for: member.key, among: keys, else: "; allowed: \(keys.joined(separator: ", "))")
            throw Refusal(path, "the key \(quoted(member.key)) is not known here\(cure)")
        }
    }

    /// Nothing and `null`, which Go's encoder writes for an empty list, are the empty list.
    func list(_ value: JSONValue?, _ path: JSONPath) throws(Refusal) -> [JSONValue] {
        switch value {
        case nil, .null?: return []
        case .array(let items)?: return items
        case let other?: throw Refusal(path, "expected a list, found \(other.kind)")
        }
    }

    func texts(_ value: JSONValue, _ path: JSONPath) throws(Refusal) -> [String] {
        var texts: [String] = []
        for (index, item) in try list(value, path).enumerated() { texts.append(try text(item, path.index(index))) }
        return texts
    }

    func text(_ value: JSONValue, _ path: JSONPath) throws(Refusal) -> String {
        guard case .string(let text) = value else { throw Refusal(path, "expected a text, found \(value.kind)") }
        return text
    }

    func number(_ value: JSONValue, _ path: JSONPath, _ range: ClosedRange<UInt64>) throws(Refusal) -> UInt64 {
        guard case .number(let text) = value, let number = UInt64(text), range.contains(number) else {
            throw Refusal(
                path, "expected a whole number from \(range.lowerBound) to \(range.upperBound), found \(value.kind)")
        }
        return number
    }
}
