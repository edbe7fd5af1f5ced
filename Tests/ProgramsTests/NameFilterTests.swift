import Testing

@testable import Programs

/// Which names a `file` takes.
@Suite struct NameFilterTests {
    private static let noColon = "except: [\"**/*:*\", \"**/*:*/**\"]"
    private static let noAt = "except: [\"**/@*\", \"**/@*/**\"]"
    private static let notInFront = "except: [\"@*\", \"@*/**\"]"

    @Test(arguments: [
        (noColon, ["a", "d/a", "d/e/a.b", "@x"], ["a:b", ":", "d/a:", "a:b/c", "d/a:b/c", "d/e:/f/g", "a:/b:"]),
        (noAt, ["a@", "d/a@x", "a:b"], ["@", "@x", "d/@x", "@d/x", "d/@e/x", "d/e/@f/g/h"]),
        (notInFront, ["a@", "d/@x", "d/@e/x"], ["@", "@x", "@d/x", "@d/e/x"]),
        ("except: \"*:*\"", ["a", "d/a:b", "a:b/c"], ["a:b", ":"]),
        ("pattern: [\"*.c\", \"lib/**\"]", ["a.c", "lib/a", "lib/x/a.h"], ["d/a.c", "a.h", "lib"]),
        ("pattern: [\"*.c\", \"*.h\"], except: [\"x*\", \"y.c\"]", ["a.c", "y.h"], ["x.c", "xy.h", "y.c", "a.o"]),
        ("pattern: [a], except: a", [], ["a", "b"]),
        ("except: [\"[*]\", \"é\"]", ["x", "e\u{301}"], ["*", "é"]),
    ])
    func keepsNamesOut(filter: String, accepted: [String], refused: [String]) throws {
        for direction in FileDirection.allCases {
            let program = try Sample.program(rules: [
                "{argument: F, value: {file: {direction: \(direction.rawValue), \(filter)}}}"
            ])
            for name in accepted { #expect(program.refusals([name], inputs: [name]) == [], "\(name)") }
            for name in refused { #expect(program.refusals([name], inputs: [name]).count == 1, "\(name)") }
        }
    }

    @Test func theReasonNamesTheGlob() throws {
        let program = try Sample.program(rules: [
            "{option: -a, value: {file: {direction: output, pattern: [\"*.c\", \"*.h\"], except: [\"x*\", \"y*\"]}}}",
            "{option: -b, value: {file: {direction: output, except: \"x*\"}}}",
        ])
        let summary = "the name of an output file matching one of *.c, *.h, but none of x*, y*"
        #expect(
            program.refusals(words("-a a.o -b x")) == [
                "argument 2 'a.o': matches none of *.c, *.h; '-a' accepts \(summary)",
                "argument 4 'x': matches the exception x*; '-b' accepts the name of an output file, but not x*",
            ])
        #expect(
            program.refusals(words("-a y.c")) == ["argument 2 'y.c': matches the exception y*; '-a' accepts \(summary)"]
        )
    }

    @Test(arguments: [
        ("except: []", "4:66: file.except: expected 1 to 32 globs, found 0"),
        ("pattern: []", "4:67: file.pattern: expected 1 to 32 globs, found 0"),
        ("except: {a: b}", "4:66: file.except: expected a text, found a mapping"),
        ("except: [a, [b]]", "4:70: file.except: expected a text, found a list"),
        ("except: a**", "4:66: file.except: 'a**': '**' must be a whole component, as in 'a/**/b'"),
        (
            "excpet: a",
            "4:58: key 'excpet' is not known here; did you mean 'except'? allowed: direction, pattern, except"
        ),
    ])
    func wrongGlobsAreNamed(filter: String, error: String) {
        let lines = "arguments: [{argument: F, value: {file: {direction: any, \(filter)}}}]"
        #expect(Sample.errors(Sample.file(lines)).map { $0.replacing("test:", with: "") } == [error])
    }

    @Test func atMostSoManyGlobs() {
        func errors(_ count: Int) -> [String] {
            let globs = (0..<count).map { "g\($0)" }.joined(separator: ", ")
            return Sample.errors(
                Sample.file("arguments: [{argument: F, value: {file: {direction: any, except: [\(globs)]}}}]"))
        }
        #expect(errors(32) == [])
        #expect(errors(33) == ["test:4:66: file.except: expected 1 to 32 globs, found 33"])
    }

    /// Completion, the example of the manual page and lint keep to it, too.
    @Test func everybodyKnowsTheExceptions() throws {
        let program = try Sample.program(
            Sample.file(
                """
                arguments: [{argument: F, value: {file: {direction: input, pattern: "*.c", except: "in*"}}}]
                inputs: [{path: "*.c", max_size: 1MiB}, {path: "*.h", max_size: 1MiB}]
                """))
        let offered = program.completions(of: "", after: [], inputs: ["a.c", "in.c", "a.h"])
        #expect(offered.map(\.text) == ["a.c"])
        #expect(program.warnings() == [])
    }

    @Test(arguments: [
        ("{direction: output, except: \"**\"}", "'F' can never be given: 'except' leaves no possible file name"),
        (
            "{direction: output, pattern: [\"a*\", b], except: [\"a*\", \"?\"]}",
            "'F' can never be given: 'except' leaves no possible file name that matches 'a*', 'b'"
        ),
        (
            "{direction: input, pattern: \"*.c\", except: \"i*\"}",
            "'F' can never be given: no rule of 'inputs' accepts a file name that matches '*.c' and that 'except' leaves"
        ),
        (
            "{direction: input, except: \"i*\"}",
            "'F' can never be given: no rule of 'inputs' accepts a file name that 'except' leaves"
        ),
        ("{direction: input, pattern: [\"*.c\", \"in.c\"], except: \"*a.c\"}", nil),
        ("{direction: input, pattern: [x, \"i*\"]}", nil),
    ])
    func whatIsNeverGivenIsWarnedOf(filter: String, warning: String?) throws {
        let program = try Sample.program(
            Sample.file(
                "arguments: [{argument: F, value: {file: \(filter)}}]\ninputs: [{path: \"in*\", max_size: 1MiB}]"))
        let found = program.warnings().map(\.description)
        #expect(found.count == (warning == nil ? 0 : 1), "\(found)")
        if let warning { #expect(found.first?.hasSuffix(warning) == true, "\(found)") }
    }
}
