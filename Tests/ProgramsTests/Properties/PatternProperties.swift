import Testing

@testable import Programs

@Suite struct PatternProperties {
    @Test(arguments: 0..<PropertyRun.parts) func patternsMatchWhatTheySay(part: Int) {
        let property = "patterns"
        var matches = 0, failures = 0
        for number in 0..<PropertyRun.cases(property) where failures < 5 {
            var dice = PropertyRun.dice(property, part: part, case: number)
            let model = PatternModel.random(&dice)
            let text = dice.once(in: 3) ? Self.edited(model.example(&dice), &dice) : model.example(&dice)
            let expected = model.matches(text)
            if expected { matches += 1 }
            let found = try? Pattern(model.source).simulate(text)
            if found?.isMatch != expected {
                failures += 1
                let answer = found.map { "\($0.isMatch)" } ?? "refused"
                let what = "pattern \(model.source), text \(text.debugDescription): \(answer), expected \(expected)"
                PropertyRun.fail(property, part: part, case: number, what)
            }
        }
        let cases = PropertyRun.cases(property)
        PropertyRun.count(property, cases)
        #expect(PropertyRun.isSample || matches * 2 > cases && matches < cases)
    }

    @Test(arguments: 0..<PropertyRun.parts) func globsMatchWhatTheySay(part: Int) {
        let property = "globs"
        var matches = 0, failures = 0
        for number in 0..<PropertyRun.cases(property) where failures < 5 {
            var dice = PropertyRun.dice(property, part: part, case: number)
            let model = GlobModel.random(&dice)
            let example = model.example(&dice), edited = Self.edited(example, &dice)
            // Only file names are ever asked about.
            let name = dice.once(in: 3) && isFileName(edited) ? edited : example
            let expected = model.matches(name)
            if expected { matches += 1 }
            let found = try? Glob(model.source).matches(name)
            if found != expected {
                failures += 1
                let answer = found.map { "\($0)" } ?? "refused"
                let what = "glob \(model.source), name \(name.debugDescription): \(answer), expected \(expected)"
                PropertyRun.fail(property, part: part, case: number, what)
            }
        }
        let cases = PropertyRun.cases(property)
        PropertyRun.count(property, cases)
        #expect(PropertyRun.isSample || matches * 2 > cases && matches < cases)
    }

    @Test(arguments: 0..<PropertyRun.parts) func valuesAreWhatTheTableSays(part: Int) throws {
        let property = "values"
        var accepted = 0, lists = 0, number = 0, failures = 0
        while lists < PropertyRun.cases(property), failures < 5 {
            number += 1
            var dice = PropertyRun.dice(property, part: part, case: number)
            // As an option's value no reading of a dash is in the way.
            let rule = RuleModel(
                number: 0, kind: .option(["-v"], .random(&dice), forms: [.separate], isFormWritten: false), min: 0,
                max: 1, counts: "")
            guard let value = rule.value,
                let sample = try ArgumentCase(GrammarModel(items: [.rule(rule)]))
            else { continue }
            for _ in 0..<10 {
                let example = value.example(&dice) ?? "0"
                let text = dice.once(in: 2) ? Self.edited(example, &dice) : example
                lists += 1
                if value.accepts(text) { accepted += 1 }
                guard let failure = sample.disagreement(on: ["-v", text]) else { continue }
                failures += 1
                PropertyRun.fail(property, part: part, case: number, failure)
            }
        }
        PropertyRun.count(property, lists)
        #expect(PropertyRun.isSample || accepted * 2 > lists && accepted < lists * 19 / 20)
    }

    private static func edited(_ text: String, _ dice: inout Dice) -> String {
        var scalars = Array(text.unicodeScalars)
        let scalar = dice.pick(["a", "b", "-", "0", "1", "5", ".", "/", "é", "\n", "e", ",", "K"] as [Unicode.Scalar])
        let place = dice.number(0...scalars.count)
        switch dice.number(below: 3) {
        case 0: scalars.insert(scalar, at: place)
        case 1 where place < scalars.count: scalars.remove(at: place)
        default: if place < scalars.count { scalars[place] = scalar }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    // MARK: Linear time

    /// Twice the text costs twice the steps, whatever was written; steps are counted, so no clock is looked at.
    @Test(arguments: [
        ("(a+)+$", "a", "!"), ("(a*)*b", "a", ""), ("(a|a)*c", "a", "b"), ("(a|aa)+$", "a", "!"),
        ("(.*)(.*)(.*)(.*)x", "x", "y"), ("((a{0,5}){0,5}){0,5}", "a", ""), ("(a?){200}a{200}", "a", ""),
        ("([a-z]+)*@", "q", "@@"), ("(\\w+\\s?)+!", "w ", "?"), (".*.*.*=.*", "x=x", "\n"),
    ])
    func hostilePatternsTakeLinearTime(source: String, piece: String, end: String) throws {
        let pattern = try Pattern(source)
        let steps = [1000, 2000, 4000].map { count in
            pattern.simulate(String(repeating: piece, count: count) + end).steps
        }
        for (one, two) in zip(steps, steps.dropFirst()) {
            #expect(Double(two) <= 2.2 * Double(one) + 1000, "\(source): \(steps)")
        }
        #expect(steps[2] <= pattern.stateCount * (4001 * piece.unicodeScalars.count + end.unicodeScalars.count))
    }

    @Test(arguments: [("**/*a*a*a*b", "a/"), ("*a*a*a*a*b", "a"), ("**/**/**/x", "a/"), ("[!b]*[!b]*[!b]*b", "a")])
    func hostileGlobsTakeLinearTime(source: String, piece: String) throws {
        let glob = try Glob(source)
        let steps = try [500, 1000, 2000].map { count in
            try #require(glob.simulate(String(repeating: piece, count: count) + "a")).steps
        }
        for (one, two) in zip(steps, steps.dropFirst()) {
            #expect(Double(two) <= 2.2 * Double(one) + 1000, "\(source): \(steps)")
        }
    }

    /// Too large to be built, and refused before anything large is.
    @Test(arguments: [
        "(a{1000}){1000}", "((a{1000}){1000}){1000}", "(((((((x{10}){10}){10}){10}){10}){10}){10})", "(){1000}{1000}",
        "(|){1000}(|){1000}", "a{1001}", String(repeating: "(", count: 500) + String(repeating: ")", count: 500),
        String(repeating: "a|", count: 600),
    ])
    func hugePatternsAreRefused(source: String) {
        #expect(throws: PatternError.self) { try Pattern(source) }
    }
}
