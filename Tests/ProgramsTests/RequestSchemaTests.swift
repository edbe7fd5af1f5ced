import Testing

@testable import Programs

/// The schema of a request against the rules that it is made from.
@Suite struct RequestSchemaTests {
    @Test func schemasAndRulesAgree() throws {
        var check = SchemaCheck()
        var expected: [(text: String, isAccepted: Bool, beyond: Bool, answer: [String])] = []
        for sample in RequestSamples.all {
            let program = try Sample.program(sample.yaml)
            let schema = check.add(program.requestSchema)
            let texts =
                sample.accepted.map { ($0, true, false) } + sample.refused.map { ($0, false, false) }
                + sample.beyondTheSchema.map { ($0, false, true) }
            for (text, isAccepted, beyond) in texts {
                check.add(text, to: schema)
                expected.append((text, isAccepted, beyond, program.answer(text)))
            }
        }
        let found = try check.run()
        #expect(found.schemas.compactMap(\.self) == [])
        try #require(found.cases.count == expected.count && expected.count > 200)
        for (expected, complaint) in zip(expected, found.cases) {
            #expect(expected.answer.isEmpty == expected.isAccepted, "the rules on \(expected.text): \(expected.answer)")
            #expect(
                (complaint == nil) == (expected.isAccepted || expected.beyond),
                "the schema on \(expected.text): \(complaint ?? "accepted")")
        }
    }

    /// Whatever is done to a request: what the rules accept, the schema accepts.
    @Test func theSchemaIsNeverStricterThanTheRules() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var check = SchemaCheck()
        var accepted: [String] = []
        for sample in RequestSamples.all {
            let program = try Sample.program(sample.yaml)
            let schema = check.add(program.requestSchema)
            let requests = (sample.accepted + sample.refused + sample.beyondTheSchema).compactMap { text in
                try? JSONReader.read(Array(text.utf8))
            }
            for _ in 0..<PropertyRun.scaled(4000) {
                let text = mutated(requests, &random).compact()
                guard program.answer(text).isEmpty else { continue }
                accepted.append(text)
                check.add(text, to: schema)
            }
        }
        let found = try check.run()
        for (text, complaint) in zip(accepted, found.cases) where complaint != nil {
            Issue.record("seed \(seed): \(text): \(complaint ?? "")")
        }
        #expect(PropertyRun.isSample || accepted.count > 1000, "seed \(seed)")
    }

    /// One request with parts of the others put in, left out or doubled.
    private func mutated(_ requests: [JSONValue], _ random: inout SeededGenerator) -> JSONValue {
        guard var value = requests.randomElement(using: &random) else { return .null }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard let other = requests.randomElement(using: &random) else { continue }
            value = value.crossed(with: other, &random)
        }
        return value
    }

    @Test func theProfilesHaveSchemas() throws {
        #expect(ShippedPrograms.names.count >= 8)
        var check = SchemaCheck()
        for name in ShippedPrograms.names {
            let program = try ShippedPrograms.program(name)
            let schema = check.add(program.requestSchema)
            check.add("{\"program\": \"nosuch\"}", to: schema)
            #expect(program.requestSchema.pretty() == program.requestSchema.pretty())
        }
        let found = try check.run()
        #expect(found.schemas.compactMap(\.self) == [])
        #expect(found.cases.allSatisfy { $0 != nil })
    }

    @Test(arguments: [
        (
            "glpsol",
            #"{"program": "glpsol", "arguments": {"--model": "a.mod", "--output": "a.sol", "--tmlim": 60}, "inputs": {"a.mod": {"text": "end;"}}}"#
        ),
        (
            "gcc",
            #"{"program": "gcc", "arguments": {"-o": "prog", "-O": "2", "-std": "c11", "-D": ["A=1"], "SOURCE": ["a.c"], "-l": ["m"]}, "inputs": {"a.c": {"text": ""}}}"#
        ),
        (
            "samtools",
            #"{"program": "samtools", "arguments": {"command": "sort", "arguments": {"-o": "b.bam", "-@": 4, "ALIGNMENTS": "a.bam"}}, "inputs": {"a.bam": {"base64": "AAAA"}}}"#
        ),
        (
            "sqlite3",
            #"{"program": "sqlite3", "arguments": {"-csv": true, "DATABASE": "a.db", "SQL": "select 1"}, "inputs": {"a.db": {"text": ""}}}"#
        ),
        (
            "python3",
            #"{"program": "python3", "arguments": {"SCRIPT": "a.py", "ARGUMENT": ["1"]}, "inputs": {"a.py": {"text": ""}}, "environment": {"OPENBLAS_NUM_THREADS": 2}}"#
        ),
    ])
    func requestsOfTheProfiles(_ name: String, _ request: String) throws {
        let program = try ShippedPrograms.program(name)
        #expect(program.answer(request) == [])
        var check = SchemaCheck()
        let schema = check.add(program.requestSchema)
        check.add(request, to: schema)
        check.add(request.replacing("arguments\": {", with: "arguments\": {\"-z\": true, "), to: schema)
        let found = try check.run().cases
        #expect(found[0] == nil && found[1] != nil, "\(found)")
    }
}

extension JSONValue {
    /// A random part of this one is left out, or becomes a part of the other one.
    fileprivate func crossed(with other: JSONValue, _ random: inout SeededGenerator) -> JSONValue {
        switch self {
        case .object(var members):
            guard let index = members.indices.randomElement(using: &random) else { return other }
            switch Int.random(in: 0..<8, using: &random) {
            case 0: members.remove(at: index)
            case 1:
                if case .object(let more) = other, let one = more.randomElement(using: &random),
                    self[one.key] == nil
                {
                    members.append(one)
                }
            case 2: members[index].key = other[members[index].key] == nil ? members[index].key : "x"
            default:
                let member = members[index]
                members[index].value = member.value.crossed(with: other[member.key] ?? other, &random)
            }
            return .object(members)
        case .array(var items):
            guard let index = items.indices.randomElement(using: &random) else { return self }
            if Bool.random(using: &random) { items.append(items[index]) } else { items.remove(at: index) }
            return .array(items)
        case .number(let text):
            return Bool.random(using: &random) ? .string(text) : .number("\(Int.random(in: -9...99, using: &random))")
        case .string(let text):
            switch Int.random(in: 0..<4, using: &random) {
            case 0: return .string(text + ["a", "1", "-", "é", "\n", ","][Int.random(in: 0..<6, using: &random)])
            case 1: return .string(String(text.dropFirst()))
            default: return other
            }
        case .null, .bool: return other
        }
    }
}
