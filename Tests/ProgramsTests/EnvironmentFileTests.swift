import Testing

@testable import Programs

/// File names in the environment are looked at like those on the command line.
@Suite struct EnvironmentFileTests {
    private func check(_ environment: [String: String]) throws -> Result<AcceptedRequest, Violations> {
        let program = try Sample.program(
            Sample.file(
                """
                arguments: [{option: -o, value: {file: output}}]
                inputs: [{path: "*", max_size: 1MiB}]
                environment:
                  accept:
                    - {name: IN, value: {file: input}}
                    - {name: LOG, value: {list: {of: {file: any}}}}
                """))
        return program.check(
            Request(
                arguments: ["-o", "a"], inputs: [RequestedInput(name: "in", size: 1)], environment: environment))
    }

    @Test func anInputMustBeBrought() throws {
        #expect(try check(["IN": "in"]).get().outputs == ["a"])
        guard case .failure(let violations) = try check(["IN": "other"]) else {
            Issue.record("accepted")
            return
        }
        #expect(
            violations.violations.map(\.description) == [
                "environment variable 'IN': 'other': the request brings no input file 'other'; inputs: 'in'; accepted: "
                    + "the name of an input file"
            ])
        #expect(violations.violations[0].position == nil)
    }

    @Test func outputsAreNoted() throws {
        #expect(try check(["LOG": "in,x,y"]).get().outputs == ["a", "x", "y"])
    }
}
