// A request that is put together from a command line and sent as JSON.

extension RequestForm {
    /// A request that says nothing yet but the program's name.
    public init(program: String) { self.init(program: program, arguments: nil) }

    public mutating func setArguments(_ texts: [String]) { arguments = .strings(texts) }

    public mutating func addVariable(_ name: String, _ value: String) {
        environment.append(.init(name, .string(value)))
    }

    /// The request as one JSON object, without its input files.
    public func jsonWithoutInputs() -> [UInt8] {
        var members: [JSONValue.Member] = [.init("program", .string(program))]
        if let arguments { members.append(.init("arguments", arguments)) }
        if !environment.isEmpty { members.append(.init("environment", .object(environment))) }
        if !limits.isEmpty {
            let limits = LimitName.allCases.compactMap { name in
                self.limits[name].map { JSONValue.Member(name.rawValue, .string(name.exactText($0))) }
            }
            members.append(.init("limits", .object(limits)))
        }
        return Array(JSONValue.object(members).compact().utf8)
    }
}
