import Testing

@testable import Programs

/// An error in one place hides none in another.
@Suite struct AllErrorsTests {
    private func places(_ lines: String) -> [String] {
        Sample.errors(Sample.file(lines)).map { String($0.dropFirst("test:".count).prefix { $0 != " " }) }
    }

    @Test func ofARuleWithAWrongName() {
        #expect(
            places(
                """
                arguments:
                  - flag: a
                    requires: []
                    conflicts: {}
                    help: "\\a"
                    repeat: x
                """) == ["5:11:", "6:15:", "7:16:", "8:11:", "9:13:"])
    }

    @Test func ofACommandWithAWrongName() {
        #expect(
            places(
                """
                arguments:
                  - command: -a
                    help: []
                    arguments: [{flag: b}]
                """) == ["5:14:", "6:11:", "7:24:"])
    }

    @Test func ofAFilterWithoutItsBase() {
        let text = Sample.file("").replacing("security: {}", with: "security: {seccomp: {allow: [A], deny: [B]}}")
        #expect(Sample.errors(text).count == 3)
    }

    @Test func ofStdinBesideAnotherOne() {
        #expect(places("stdin: {file: a}\nsuccess: {}") == ["4:8:", "5:10:"])
        #expect(places("stdin: {file: a}\ninputs: [{path: b, max_size: 1}]\nsuccess: {}") == ["4:8:", "6:10:"])
        #expect(
            places("stdin: {file: a}\ninputs: [{path: b, max_size: 0}]") == ["5:30:"], "it may be the one that is meant"
        )
        #expect(places("stdin: {file: a}\ninputs: {}") == ["5:9:"])
    }
}
