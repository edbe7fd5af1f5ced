import Testing

@testable import Programs

/// The example of the page is a good file, and the messages shown there are those that a reader gets.
@Suite struct DocumentationTests {
    @Test func shownMessagesAreReal() throws {
        let program = try Sample.program(Sample.glpsol)
        let request = Request(
            arguments: ["--modle", "a.mod", "--tmlim", "5000"],
            inputs: [RequestedInput(name: "notes.txt", size: 1), RequestedInput(name: "a.mod", size: 1)],
            limits: [.wall: 1_200_000])
        guard case .failure(let violations) = program.check(request) else {
            Issue.record("accepted")
            return
        }
        #expect(
            violations.description == """
                argument 1 '--modle': no rule accepts it; did you mean '--model'? accepted here: --model FILE, --output FILE, --tmlim N, --min
                argument 4 '5000': more than 3600; '--tmlim' accepts an integer from 1 to 3600
                input 'notes.txt': no rule accepts it; accepted: *.mod
                limit 'wall': 20 m is too much; accepted: 1 ms to 10 m
                """)
    }
}
