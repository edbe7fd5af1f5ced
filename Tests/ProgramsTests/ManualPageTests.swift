import Testing

@testable import Programs

@Suite struct ManualPageTests {
    private static let glpsol = """
        NAME
            glpsol - Solve a linear or mixed-integer model

        SYNOPSIS
            jrun exec glpsol --input FILE… -- [--model FILE] [--output FILE] [--tmlim N]
                [--min]

        DESCRIPTION
            Runs /usr/bin/glpsol isolated, in a directory of the run's own. What is not
            listed here is refused before anything runs.

        ARGUMENTS
            --model FILE
                the name of an input file; also --model=FILE
            --output FILE
                the name of an output file; also --output=FILE
            --tmlim N
                an integer from 1 to 3600; also --tmlim=N
            --min

        INPUTS
            Brought by --input FILE, or --input FILE=NAME under another name.
            *.mod
                required; at most 10 MiB each; at most 1000 files

        RESULTS
            Put into the current directory, or that of --output-dir.
            *.sol
                required; after complete; at most 1000 files
            *.log
                optional; after any end; at most 1000 files

        STREAMS
            stdin   empty
            stdout  passed on as it comes
            stderr  passed on as it comes

        ENVIRONMENT
            --env OMP_NUM_THREADS=N
                an integer from 1 to 64
            Always set: LC_ALL=C

        LIMITS
            --limit NAME=VALUE lowers one, or raises it to what stands behind it.
            wall        10 m
            cpu         10 m
            memory      1 GiB
            processes   32
            open_files  256
            file_size   1 GiB
            output      64 MiB
            disk        1 GiB
            temporary   64 MiB
            cpus        1
            io          unlimited

        EXIT STATUS
            0         complete
            other     failed; the program's own exit code
            124       ended by the limit wall or cpu
            125       jrun refused or failed, or a required result is missing
            126, 127  the program cannot be executed; is not there
            128+N     ended by signal N; by any other limit, 137 or 153

        EXAMPLE
            jrun exec --input model.mod glpsol -- --model model.mod --output output.sol

        """

    @Test func isMadeFromTheRules() throws {
        #expect(ManualPage(of: try Sample.program(Sample.glpsol)).text() == Self.glpsol)
    }

    private static let rich = """
        version: "2.1"
        arguments:
          - {flag: [-v, --verbose], repeat: 3, help: say more}
          - command: pack
            help: put files together
            arguments:
              - one_of:
                  - {option: --list, value: {file: input}, help: names to take}
                  - {argument: MEMBER, value: {file: input}, repeat: 5}
                required: true
                help: What to take
              - {option: -o, value: {file: output}, required: true, conflicts: [--dry]}
              - {flag: --dry}
              - {option: -l, value: {choice: [m, dl]}, form: [attached]}
              - {option: --level, value: {integer: {min: 1, max: 9}}, requires: [-o]}
          - command: check
            arguments:
              - one_of: [{flag: -a}, {flag: -b}]
                required: false
              - {argument: "PACK", value: {file: {direction: input, pattern: "*.pack"}}}
        inputs:
          - one_of:
              - {path: "*.txt", max_size: 1MiB, max_count: 5, max_total: 2MiB, type: [text, png]}
              - {path: "*.pack", max_size: 1MiB, max_count: 1, help: made by pack}
        results: [{path: "*.pack", when: [complete, wall-time], max_size: 3MiB, excess: truncate, max_count: 1}]
        environment: {set: {LANG: C, TZ: UTC}, accept: [{name: LANG, value: {choice: [C, C.UTF-8]}}]}
        stdin: stream
        stdout: {file: log.txt}
        stderr: stdout
        success: {exit_codes: [0, 3]}
        """

    private static let richPage = """
        NAME
            tool - A tool

        SYNOPSIS
            jrun exec tool --input FILE… -- [-v]… pack
                (--list FILE | MEMBER…) -o FILE [--dry] [-l{m|dl}]
                [--level N]
            jrun exec tool --input FILE… -- [-v]… check [-a | -b]
                PACK

        DESCRIPTION
            Runs /usr/bin/tool (version 2.1) isolated, in a
            directory of the run's own. What is not listed here is
            refused before anything runs.

        ARGUMENTS
            -v, --verbose
                say more
                at most 3 times

        COMMANDS
            pack
                put files together
                What to take. One of these is required:
                    --list FILE
                        names to take
                        the name of an input file; also --list=FILE
                    MEMBER
                        the name of an input file; at most 5 times
                -o FILE
                    the name of an output file; required; not with
                    --dry
                --dry
                -l{m|dl}
                    one of m, dl
                --level N
                    an integer from 1 to 9; also --level=N; requires
                    -o

            check
                At most one of these:
                    -a | -b
                PACK
                    the name of an input file matching *.pack

        INPUTS
            Brought by --input FILE, or --input FILE=NAME under
            another name.
            Exactly one of these:
                *.txt
                    content: text or png; at most 1 MiB each; at
                    most 5 files; at most 2 MiB altogether
                *.pack
                    made by pack
                    at most 1 MiB; at most 1 file

        RESULTS
            Put into the current directory, or that of --output-dir.
            *.pack
                optional; after complete, wall-time; at most 3 MiB,
                the rest is cut off; at most 1 file

        STREAMS
            stdin   jrun's own
            stdout  written to log.txt
            stderr  into stdout, in order

        ENVIRONMENT
            --env LANG=C|C.UTF-8
                one of C, C.UTF-8; C unless given
            Always set: TZ=UTC

        """

    @Test func showsEveryKindOfRule() throws {
        let program = try Sample.program(Sample.file(Self.rich))
        let page = ManualPage(of: program, width: 60).text()
        #expect(page.hasPrefix(Self.richPage), "\(page)")
        #expect(page.contains("0, 3      complete"))
        let examples = page.split(separator: "EXAMPLES\n").last.map(String.init)
        #expect(
            examples == """
                    jrun exec --input list.txt tool -- pack --list \\
                        list.txt -o output.pack
                    jrun exec --input pack.pack tool -- check pack.pack

                """)
    }

    /// Of aliases, only those are shown with a form that take it.
    @Test(arguments: [
        ("[-f, --file]", "[separate, equals]", "-f N, --file N", "also --file=N\n", "[-f N]"),
        ("[-f, --file]", "[equals]", "--file=N", "", "[--file=N]"),
        ("[--num, -n]", "[attached]", "-nN", "", "[-nN]"),
        ("[--num, -n]", "[attached, equals]", "--num=N", "also -nN\n", "[--num=N]"),
    ])
    func namesAreShownInTheFormsThatTheyTake(
        names: String, forms: String, term: String, also: String, synopsis: String
    ) throws {
        let rule = "{option: \(names), value: {integer: {}}, form: \(forms)}"
        let page = ManualPage(of: try Sample.program(rules: [rule])).text()
        #expect(page.contains("\n    \(term)\n        an integer") && page.contains("\(synopsis)\n"), "\(page)")
        #expect(also.isEmpty ? !page.contains("also") : page.contains("an integer; \(also)"), "\(page)")
    }

    @Test func aGroupThatIsTooLongIsBroken() throws {
        let members = (1...4).map {
            "{all_of: [{flag: -\($0), required: true}, {option: --number-\($0), value: {integer: {}}}]}"
        }
        let page = ManualPage(of: try Sample.program(rules: ["{one_of: [\(members.joined(separator: ", "))]}"])).text()
        let lines = page.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(page)")
        #expect(page.contains("(-1 [--number-1 N] | -2") && page.contains("[--number-4 N])\n"), "\(page)")
    }

    @Test(arguments: [
        ("min: 1, max: 1", "one value: an integer"), ("min: 2, max: 2", "2 values separated by ',', each an integer"),
        ("min: 1, max: 3", "1 to 3 values separated by ',', each an integer"),
    ])
    func listsAreCounted(bounds: String, words: String) throws {
        let rule = "{argument: LIST, value: {list: {of: {integer: {}}, \(bounds)}}}"
        #expect(ManualPage(of: try Sample.program(rules: [rule])).text().contains("        \(words)\n"))
    }

    /// The widths of every line, and of a terminal that is narrower or wider than anybody can read.
    @Test(arguments: [20, 40, 60, 80, 100, 500])
    func linesAreNoWiderThanTheTerminal(width: Int) throws {
        let rules = [
            "{option: --colour, value: {choice: [red, green]}, help: \(String(repeating: "word ", count: 60))x}"
        ]
        let page = ManualPage(of: try Sample.program(rules: rules), width: width).text()
        let widest = page.split(separator: "\n").map(\.count).max() ?? 0
        #expect(widest <= min(max(width, 40), 100))
        #expect(widest > min(max(width, 40), 100) - 20)
    }

    @Test func onlyATerminalGetsBoldHeadings() throws {
        let program = try Sample.program(Sample.glpsol)
        #expect(!ManualPage(of: program).text().contains("\u{1B}"))
        #expect(ManualPage(of: program, isBold: true).text().hasPrefix("\u{1B}[1mNAME\u{1B}[0m\n    glpsol"))
    }

    /// An author's text cannot draw on the reader's terminal.
    @Test func controlCharactersAreShown() throws {
        var program = try Sample.program(rules: ["{flag: -a, help: x}"])
        program.arguments = ArgumentGrammar([
            .rule(
                ArgumentRule(
                    kind: .flag(["-a"]), minCount: 0, maxCount: 1, requires: [], conflicts: [],
                    help: "two\nlines \u{1B}[2Jgone"))
        ])
        let page = ManualPage(of: program).text()
        #expect(page.contains("two lines \\u{1b}[2Jgone"))
        #expect(!page.contains("\u{1B}"))
    }
}

/// What a page shows as an example is an example.
@Suite struct ExampleTests {
    @Test(arguments: ShippedPrograms.names)
    func everyProfileHasExamplesThatItsRulesAccept(name: String) throws {
        let program = try ShippedPrograms.program(name)
        let examples = program.exampleRequests()
        #expect(examples.count == max(1, program.arguments.items.compactMap(\.command).count))
        for example in examples { _ = try program.check(example).get() }
    }

    @Test(
        arguments: [
            (
                ["{option: --name, value: {string: {pattern: \"[A-Z]{2}-[0-9]+(x|y)\", max: 20}}, required: true}"],
                "--name AA-0y"
            ),
            (["{option: -n, value: {integer: {min: -9, max: -2, units: [px]}}, required: true}"], "-n -2px"),
            (["{option: -n, value: {size: {min: 3KiB, max: 5KiB, units: [M, K]}}, required: true}"], "-n 5K"),
            (["{option: -n, value: {duration: {max: 2h, units: [ms, s]}}, required: true}"], "-n 1000ms"),
            (
                ["{option: -n, value: {file: {direction: output, pattern: [i, o], except: i}}, required: true}"], "-n o"
            ),
            (["{option: -f, value: {decimal: {min: 0.25, max: 0.5}}, required: true}"], "-f 0.5"),
            (["{option: if, form: [equals], value: {file: input}, required: true}"], "if=if"),
            (
                ["{option: -l, form: [attached], value: {list: {of: {integer: {min: 3}}, min: 2}}, required: true}"],
                "-l3,3"
            ),
            (["{flag: -a, required: true, requires: [-b]}", "{flag: -b, requires: [-c]}", "{flag: -c}"], "-a -b -c"),
            (
                ["{one_of: [{flag: -a}, {flag: -b}]}", "{flag: -c, required: true, conflicts: [-a]}"], "-b -c"
            ),
            (
                ["{argument: WHEN, value: {date: true}}", "{argument: N, value: {size: {min: 5KiB, max: 6KiB}}}"],
                "2026-01-31 6144"
            ),
        ])
    func examplesFollowTheRules(rules: [String], words: String) throws {
        let examples = try Sample.program(rules: rules).exampleRequests()
        #expect(examples.map { $0.arguments.joined(separator: " ") } == [words])
    }

    @Test(arguments: [
        ("*.mod", "model.mod"), ("**/*.png", "model.png"), ("data/**", "data/model"), ("a?[0-9].txt", "aa0.txt"),
        ("plain", "plain"), ("*-*.é", "model-.é"),
    ])
    func globsGiveNames(glob: String, name: String) throws {
        #expect(try Glob(glob).example(stem: "model") == name)
    }

    @Test func wordsAreQuotedForTheShell() {
        #expect(shellWord("a.b-c=1") == "a.b-c=1")
        #expect(shellWord("") == "''")
        #expect(shellWord("it's $HOME") == "'it'\\''s $HOME'")
    }
}
