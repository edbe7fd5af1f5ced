import Testing

@testable import Programs

/// Rules in the way of some well-known command lines.
private enum Grammar {
    static let glpsol = [
        "{one_of: [{flag: [--math, -m]}, {flag: --lp}, {flag: --mps}], required: false}",
        "{argument: MODEL, value: {file: {direction: input, pattern: \"*.mod\"}}}",
        "{option: [-o, --output], value: {file: output}}",
        "{option: --tmlim, value: {integer: {min: 1, max: 3600}}, form: separate}",
        "{option: --data, value: {file: input}, repeat: 3, requires: --math}",
        "{one_of: [{flag: --min}, {flag: --max}], required: false}",
        "{flag: --nomip, conflicts: --cuts}", "{flag: --cuts}",
    ]
    static let gcc = [
        "{argument: SOURCE, value: {file: {direction: input, pattern: \"**/*.[co]\"}}, repeat: {max: 100}}",
        "{option: -o, value: {file: output}, required: true}",
        "{one_of: [{flag: -O0}, {flag: -O1}, {flag: -O2}, {flag: -O3}], required: false}",
        "{option: -l, value: {choice: [m, pthread]}, form: attached, repeat: 10}",
        "{option: -D, value: {string: {pattern: \"[A-Z_]+(=[a-z0-9]*)?\"}}, form: [attached, separate], repeat: 20}",
        "{option: -std, value: {choice: [c99, c11, c17]}, form: equals}",
        "{flag: -Wall}", "{flag: -g}",
        "{option: \"-Wl,\", value: {choice: [\"--as-needed\"]}, form: attached}",
    ]
    static let samtools = [
        """
        {command: sort, arguments: [{option: -o, value: {file: output}, required: true}, \
        {option: -m, value: {size: {min: 1MiB, max: 1GiB}}}, {option: -@, value: {integer: {min: 0, max: 8}}}, \
        {flag: -n}, {argument: BAM, value: {file: input}}]}
        """,
        "{command: index, arguments: [{flag: -b}, {argument: BAM, value: {file: input}}, {argument: OUT, value: "
            + "{file: output}, required: false}]}",
        "{command: version}", "{flag: --quiet}",
    ]
    static let copy = [
        "{argument: FROM, value: {file: input}, repeat: 3}", "{argument: TO, value: {file: output}}",
        "{separator: true}", "{flag: -v}",
    ]
    static let convert = [
        "{argument: IN, value: {file: input}}", "{flag: +append}",
        "{option: -resize, value: {string: {pattern: \"\\\\d{1,4}x\\\\d{1,4}[!>]?\"}}}",
        "{option: -quality, value: {integer: {min: 1, max: 100}}}",
        "{option: -gamma, value: {decimal: {min: 0.1, max: 9.5}}}", "{argument: OUT, value: {file: output}}",
    ]
    static let dd = [
        "{option: if, value: {file: input}, form: equals, required: true}",
        "{option: of, value: {file: output}, form: equals, required: true}",
        "{option: bs, value: {size: {max: 1MiB}}, form: equals}",
        "{option: conv, value: {list: {of: {choice: [sync, noerror, notrunc]}, max: 2}}, form: equals}",
    ]
    static let bc = [
        "{literal: run}", "{argument: N, value: {integer: {min: -5, max: 5}}, required: false}",
        "{argument: UNIT, value: {choice: [s, -s]}, repeat: {min: 0, max: 2}}", "{literal: -end, required: false}",
        "{option: --since, value: {date: true}}", "{option: --for, value: {duration: {min: 1s, max: 1h}}}",
    ]
    static let inputs = ["a.mod", "b.dat", "x.c", "y.o", "dir/z.c", "in.bam", "in.png"]
}

private let accepted: [(rules: [String], lists: [String])] = [
    (
        Grammar.glpsol,
        [
            "a.mod", "--math a.mod", "-m a.mod --data b.dat", "--min a.mod -o out", "a.mod --output=out",
            "--tmlim 5 a.mod --max", "--math --data b.dat --data=b.dat a.mod --data b.dat", "a.mod --nomip",
            "a.mod --cuts",
            "--output sub/dir/out a.mod",
        ]
    ),
    (
        Grammar.gcc,
        [
            "-o x x.c", "x.c y.o dir/z.c -o x", "-O2 -Wall x.c -lm -lpthread -o x", "-DA -D B=1 -DB= x.c -o x",
            "-std=c99 -g x.c -o x", "-Wl,--as-needed x.c -o x",
        ]
    ),
    (
        Grammar.samtools,
        [
            "sort -o out in.bam", "sort in.bam -o out -m 512M", "sort -n -@ 4 -o out -m 2MiB in.bam",
            "index in.bam", "index in.bam out.bai -b", "version", "--quiet version",
        ]
    ),
    (Grammar.copy, ["x.c out", "x.c y.o out", "x.c y.o a.mod out", "-v x.c out", "x.c -- out", "-- x.c out"]),
    (
        Grammar.convert,
        [
            "in.png out.png", "in.png -resize 10x20! out.png", "in.png +append -gamma 1.5 out",
            "in.png "
                + "-quality 100 out",
            "in.png -gamma 5e-1 out",
        ]
    ),
    (Grammar.dd, ["if=x.c of=out", "of=out bs=1K if=x.c", "if=x.c of=o conv=sync,noerror", "if=x.c of=o bs=512"]),
    (
        Grammar.bc,
        [
            "run", "run 3", "run -5", "run s", "run -s s", "run 2 -s", "run -s -end", "run -end",
            "run --since 2024-02-29", "run --for 90s --since=2023-01-01",
        ]
    ),
]

private let refusals: [(list: String, refusals: [String])] = [
    ("", ["end of arguments: 'MODEL' (the name of an input file matching *.mod) is required"]),
    (
        "--modle a.mod",
        [
            "argument 1 '--modle': no rule accepts it; accepted here: --math, --lp, --mps, MODEL, -o "
                + "FILE, --tmlim N, --data FILE, --min, … (3 more)"
        ]
    ),
    (
        "--datta b.dat --math a.mod",
        [
            "argument 1 '--datta': no rule accepts it; did you mean '--data'? accepted "
                + "here: --math, --lp, --mps, MODEL, -o FILE, --tmlim N, --data FILE, --min, … (3 more)"
        ]
    ),
    ("a.mod --tmlim", ["argument 2 '--tmlim': needs a value behind it; accepted: an integer from 1 to 3600"]),
    ("a.mod --tmlim 0", ["argument 3 '0': less than 1; '--tmlim' accepts an integer from 1 to 3600"]),
    ("a.mod --tmlim 3601", ["argument 3 '3601': more than 3600; '--tmlim' accepts an integer from 1 to 3600"]),
    ("a.mod --tmlim 5x", ["argument 3 '5x': not an integer; '--tmlim' accepts an integer from 1 to 3600"]),
    ("a.mod --tmlim 007", ["argument 3 '007': not an integer; '--tmlim' accepts an integer from 1 to 3600"]),
    ("a.mod --tmlim=5", ["argument 2 '--tmlim=5': takes its value in the next argument; accepted: --tmlim N"]),
    ("a.mod --min=1", ["argument 2 '--min=1': takes no value; accepted: --min"]),
    ("a.mod --min --min", ["argument 3 '--min': may be given at most once"]),
    ("a.mod --min --max", ["argument 3 '--max': only one of '--min', '--max' can be used, and argument 2 is '--min'"]),
    ("a.mod --data b.dat", ["argument 2 '--data': '--data' requires '--math', which is missing"]),
    ("a.mod --nomip --cuts", ["argument 3 '--cuts': '--nomip' and '--cuts' cannot be used together"]),
    (
        "c.mod",
        [
            "argument 1 'c.mod': the request brings no input file 'c.mod'; inputs: 'a.mod', 'b.dat', 'dir/z.c', "
                + "'in.bam', 'in.png', 'x.c', 'y.o'"
        ]
    ),
    ("b.dat", ["argument 1 'b.dat': does not match *.mod; 'MODEL' accepts the name of an input file matching *.mod"]),
    (
        "a.mod -o ../x",
        [
            "argument 3 '../x': not a possible file name: contains the component '..'; '-o' accepts the "
                + "name of an output file"
        ]
    ),
    (
        "a.mod -o /etc/passwd",
        [
            "argument 3 '/etc/passwd': not a possible file name: absolute; names are relative to "
                + "the run's directory; '-o' accepts the name of an output file"
        ]
    ),
    (
        "a.mod -o --min",
        [
            "argument 3 '--min': not a possible file name: starts with '-', a program would take it for "
                + "an option; '-o' accepts the name of an output file"
        ]
    ),
    (
        "a.mod --output=",
        [
            "argument 2 '--output=': value '': not a possible file name: a file name cannot be empty; "
                + "'-o' accepts the name of an output file"
        ]
    ),
    (
        "a.mod a.mod",
        [
            "argument 2 'a.mod': no rule accepts it; accepted here: --math, --lp, --mps, MODEL, -o FILE, "
                + "--tmlim N, --data FILE, --min, … (3 more)"
        ]
    ),
    (
        "a.mod --",
        [
            "argument 2 '--': no rule accepts it; accepted here: --math, --lp, --mps, MODEL, -o FILE, --tmlim "
                + "N, --data FILE, --min, … (3 more)"
        ]
    ),
    (
        "a.mod -mo",
        [
            "argument 2 '-mo': no rule accepts it; accepted here: --math, --lp, --mps, MODEL, -o FILE, "
                + "--tmlim N, --data FILE, --min, … (3 more)"
        ]
    ),
    (
        "--tmlim 0 --min --max",
        [
            "argument 2 '0': less than 1; '--tmlim' accepts an integer from 1 to 3600",
            "argument 4 '--max': only one of '--min', '--max' can be used, and argument 3 is '--min'",
            "end of arguments: 'MODEL' (the name of an input file matching *.mod) is required",
        ]
    ),
]

private let refused: [(rules: [String], lists: [String])] = [
    (
        Grammar.gcc,
        [
            "x.c", "-o x", "-o x x.h", "-o x x.c -O4", "-o x x.c -O2 -O3", "-o x x.c -lc", "-o x x.c -l m",
            "-o x x.c -std c99", "-o x x.c -std=c90", "-o x x.c -Dlower", "-o x x.c -gWall", "-o x x.c -Wl,-z",
            "-o x x.c -o y", "-o x x.c -Wall=1", "-ox x.c", "-o x x.c @args", "-o x x.c -E", "-o x x.c -B.",
            "-o x x.c -fplugin=x.so", "-o x x.c --", "-o=x x.c", "-o x dir/../x.c",
        ]
    ),
    (
        Grammar.samtools,
        [
            "", "srot", "sort", "sort in.bam", "sort -o out", "sort -o out in.bam in.bam",
            "sort -o out "
                + "in.bam -b",
            "sort -o out -m 1K in.bam", "sort -o out -m 2G in.bam", "index", "index in.bam out extra", "version x",
            "in.bam sort", "sort sort -o out in.bam", "version --quiet", "-n sort -o out in.bam", "--quiet",
            "sort -@ 9 "
                + "-o o in.bam",
            "sort -@4 -o o in.bam",
        ]
    ),
    (
        Grammar.copy,
        [
            "", "x.c", "nothere out", "x.c y.o a.mod b.dat out", "x.c -- -v", "x.c -- -- out", "-v -v x.c out",
            "-w x.c out", "-vv x.c out",
        ]
    ),
    (
        Grammar.convert,
        [
            "in.png", "in.png -resize 10 out", "in.png -resize 10x20>> out", "in.png -quality 0 out",
            "in.png -gamma nan out", "in.png -gamma inf out", "in.png -gamma 0x1p1 out", "in.png -gamma .5 out",
            "in.png -gamma 1. out", "in.png -gamma 9.6 out", "in.png -append out", "in.png -quality=5 out", "msl:x out",
            "in.png http://x/y", "in.png +append=1 out", "in.png -resize",
        ]
    ),
    (
        Grammar.dd,
        [
            "", "if=x.c", "if x.c of=out", "if=x.c of=out of=b", "if=/dev/sda of=out", "if=x.c of=/dev/sda",
            "if=x.c of=out bs=2M", "if=x.c of=o conv=", "if=x.c of=o conv=sync,", "if=x.c of=o conv=sync,sync,sync",
            "if=x.c of=o conv=swab", "if=x.c of=o count=1", "if=x.c of=o if",
        ]
    ),
    (
        Grammar.bc,
        [
            "", "3", "run 6", "run -6", "run --5", "run -inf", "run s s s", "run -end s", "run -end 3", "walk",
            "run --since 2023-02-29", "run --since 2024-13-01", "run --since 24-01-01", "run --since 2024-1-01",
            "run --since 0000-01-01", "run --for 2h", "run --for 10", "run --for 500ms", "run -x", "run - -",
        ]
    ),
    ([], ["x", "-x", "--", "-", "=", "--help"]),
]

@Suite struct ArgumentTests {
    @Test(arguments: accepted)
    func isAccepted(rules: [String], lists: [String]) throws {
        let program = try Sample.program(rules: rules)
        for list in lists {
            #expect(program.refusals(words(list), inputs: Grammar.inputs) == [], "\(list)")
        }
    }

    @Test(arguments: refusals)
    func isRefusedWithPlaceAndReason(list: String, refusals: [String]) throws {
        let program = try Sample.program(rules: Grammar.glpsol)
        let inputs = list.hasPrefix("--modle") ? ["a.mod"] : Grammar.inputs
        #expect(program.refusals(words(list), inputs: inputs) == refusals)
    }

    @Test(arguments: refused)
    func isRefused(rules: [String], lists: [String]) throws {
        let program = try Sample.program(rules: rules)
        for list in lists {
            #expect(program.refusals(words(list), inputs: Grammar.inputs) != [], "\(list)")
        }
    }

    @Test func nothingButTheEmptyListIsAcceptedWithoutRules() throws {
        let program = try Sample.program(rules: [])
        #expect(program.refusals([]) == [])
        #expect(program.refusals([""]) == ["argument 1 '': no rule accepts it; accepted here: no arguments"])
    }

    /// Swift calls these equal; the kernel and the program do not.
    @Test func lookalikesAreNotAccepted() throws {
        let program = try Sample.program(rules: ["{literal: K}", "{option: -x, value: {choice: [K, é]}}"])
        #expect(program.refusals(["K", "-x", "K"]) == [])
        #expect(program.refusals(["\u{212A}"]) != [])
        #expect(program.refusals(["K", "-x", "\u{212A}"]) != [])
        #expect(program.refusals(["K", "-x", "\u{E9}"]) == [])
        #expect(program.refusals(["K", "-x", "e\u{301}"]) != [])
    }

    @Test func strings() throws {
        let program = try Sample.program(rules: [
            "{option: -t, value: {string: {max: 5}}}", "{option: -p, value: {string: {pattern: \"[a\\\\n]*\"}}}",
            "{argument: T, value: {string: {}}, required: false}",
        ])
        #expect(program.refusals(["-t", "12345"]) == [])
        #expect(program.refusals(["-t", "-x"]) == [])
        #expect(program.refusals(["-t", "éé"]) == [])
        #expect(program.refusals(["-p", "a\na"]) == [])
        #expect(program.refusals(["free text, with = and spaces"]) == [])
        #expect(program.refusals(["-"]) == [])
        #expect(
            program.refusals(["-t", "123456"]) == [
                "argument 2 '123456': longer than 5 bytes; '-t' accepts a text of at most 5 bytes"
            ])
        #expect(
            program.refusals(["-t", "a\nb"]) == [
                "argument 2 'a\\u{a}b': contains a control character; '-t' accepts a text of at most 5 bytes"
            ])
        #expect(program.refusals(["-p", "a\0"]) != [])
        #expect(program.refusals(["-y"]) != [], "a free text must not smuggle in an option")
    }

    @Test func filesOnTheCommandLineAreReported() throws {
        let program = try Sample.program(rules: [
            "{option: -i, value: {file: any}, repeat: 2}", "{option: -o, value: {list: {of: {file: output}}}}",
        ])
        let request = Request(
            arguments: ["-i", "in", "-i", "new", "-o", "a,b/c"], inputs: [RequestedInput(name: "in", size: 1)])
        let accepted = try program.check(request).get()
        #expect(accepted.outputs == ["new", "a", "b/c"])
        #expect(accepted.inputs == ["in"])
        #expect(accepted.arguments == request.arguments)
        #expect(program.refusals(["-o", "a,../c"]) != [])
    }

    @Test func oneOfPositionals() throws {
        let program = try Sample.program(rules: [
            "{one_of: [{flag: --all}, {argument: N, value: {integer: {}}, repeat: 2}, {literal: none}]}",
            "{argument: OUT, value: {file: output}}",
        ])
        for list in ["--all out", "1 out", "1 2 out", "none out", "out --all"] {
            #expect(program.refusals(words(list)) == [], "\(list)")
        }
        for list in ["out", "--all 1 out", "none 1 out", "1 2 3 out", "none none", "none"] {
            #expect((program.refusals(words(list)) == []) == (list == "none none"), "\(list)")
        }
    }

    @Test func aChoiceOfCommandsIsTheCommands() throws {
        let program = try Sample.program(rules: ["{one_of: [{command: a, arguments: [{flag: -x}]}, {command: b}]}"])
        for list in ["a", "a -x", "b"] { #expect(program.refusals(words(list)) == [], "\(list)") }
        for list in ["", "b -x", "a b", "c"] { #expect(program.refusals(words(list)) != [], "\(list)") }
    }

    @Test func manyAtLeast() throws {
        let program = try Sample.program(rules: [
            "{argument: A, value: {choice: [a]}, repeat: {min: 3, max: 5}}",
            "{argument: B, value: {choice: [a, b]}, repeat: {min: 2, max: 3}}",
        ])
        let accepted = ["a a a a a", "a a a b b", "a a a a a b b b", "a a a a a a a a", "a a a a a a b"]
        let refused = [
            "", "a", "a a", "a a a", "a a a b", "a a b b b", "a a a b b b b", "a a a a a a a a a", "b b", "b a a a b b",
        ]
        for list in accepted { #expect(program.refusals(words(list)) == [], "\(list)") }
        for list in refused { #expect(program.refusals(words(list)) != [], "\(list)") }
        #expect(
            program.refusals(["a"]) == [
                "end of arguments: 'A' (one of a) is required 3 times",
                "end of arguments: 'B' (one of a, b) is required 2 times",
            ])
    }

    @Test func wrongListsAreBoundedInWhatTheyCost() throws {
        let program = try Sample.program(rules: ["{flag: --x}"])
        #expect(program.refusals(Array(repeating: "--y", count: 20_000)).count == 201)
        #expect(
            program.refusals(Array(repeating: "a", count: 20_001)) == [
                "arguments: at most 20000 arguments of 1500000 bytes altogether are accepted"
            ])
        #expect(program.refusals([String(repeating: "a", count: 2_000_000)]).count == 1)
    }
}
