import FoundationEssentials
import Glibc
import Testing

@testable import Programs

/// Python's jsonschema, asked once for many texts.
struct SchemaCheck {
    var schemas: [JSONValue] = []
    var cases: [JSONValue] = []

    /// - Returns: the schema's number.
    mutating func add(_ schema: JSONValue) -> Int {
        schemas.append(schema)
        return schemas.count - 1
    }

    mutating func add(_ text: String, to schema: Int, yaml: Bool = false) {
        cases.append([.integer(schema), yaml ? "yaml" : "json", .string(text)])
    }

    /// What is wrong with each schema by its draft's meta-schema, and with each text; `nil`: nothing.
    func run() throws -> (schemas: [String?], cases: [String?]) {
        let path =
            FileManager.default.temporaryDirectory.path
            + "/jrun-schema-check-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let task: JSONValue = ["schemas": .array(schemas), "cases": .array(cases)]
        try Data(task.pretty().utf8).write(to: URL(filePath: path))
        defer { unlink(path) }
        let script = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(
            separator: "/")
        let output = try Self.output(of: "/usr/bin/python3 '\(script)/schema-check' '\(path)'")
        let answer = try JSONDecoder().decode([String: [String?]].self, from: Data(output))
        return (try #require(answer["schemas"]), try #require(answer["cases"]))
    }

    private static func output(of command: String) throws -> [UInt8] {
        let pipe = try #require(popen(command, "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
        try #require(pclose(pipe) == 0, "\(command) failed; it needs python3-jsonschema and python3-yaml")
        return output
    }
}

extension Program {
    /// What is wrong with a request in JSON; inputs that are files of the node are one byte long.
    func answer(_ json: String) -> [String] {
        let form: RequestForm
        switch RequestForm.parse(Array(json.utf8)) {
        case .success(let parsed): form = parsed
        case .failure(let violations): return violations.violations.map(\.description)
        }
        if form.program != name { return ["another program"] }
        let resolved = form.resolved(by: self)
        if !resolved.violations.isEmpty { return resolved.violations.map(\.description) }
        let request = Request(
            arguments: resolved.arguments, inputs: form.inputs.map { RequestedInput(name: $0.name, size: $0.size) },
            environment: resolved.environment, limits: form.limits)
        switch check(request) {
        case .success: return []
        case .failure(let violations): return violations.violations.map(\.description)
        }
    }
}

extension RequestForm.Input {
    var size: Int64 {
        if case .bytes(let bytes) = content { Int64(bytes.count) } else { 1 }
    }
}
