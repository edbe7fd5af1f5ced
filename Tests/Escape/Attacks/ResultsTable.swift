// The results as a page of documentation.

extension Results {
    package var markdown: String {
        let families = Family.allCases.filter { family in attacks.contains { $0.family == family } }
        return ([introduction, totals] + families.map(section) + [used]).joined(separator: "\n\n") + "\n"
    }

    private var introduction: String {
        """
        # Attacks, and who stops them

        Every attack of [the escape suite](../Tests/Escape/Attacks) on jrun and on others that confine programs, written by
        `make escape-table`. Tried on: \(node).

        The first column is the control: the same attack by the same program without confinement. Where it does not succeed
        because this kernel lacks something, the attack is not counted. A cell says what the attacker was told: an errno,
        the forbidden system call for which jrun ended the run, or that nothing came of it. *Own copy*: what was changed in a
        writable image goes with the run; the image was compared afterwards, and is as it was.

        The others are run with options that are usual for them (below). Most can be told to stop more. **Succeeds** means that
        the step is possible, not that the node is taken: a user namespace of one's own is where many exploits of the kernel begin.
        """
    }

    private var totals: String {
        let heads = ["of \(counted.count) counted attacks"] + confiners
        let stopped = confiners.map { confiner in "\(count(confiner) { $0.isStopped })" }
        let succeeded = confiners.map { confiner in "\(count(confiner) { $0 == .succeeded })" }
        return table([heads, ["stopped"] + stopped, ["succeed"] + succeeded])
    }

    private func section(_ family: Family) -> String {
        let rows = attacks.filter { $0.family == family }.map { attack in
            [
                "`\(attack.name)`", attack.technique, attack.stoppedBy.map(\.rawValue).joined(separator: ", "),
            ] + confiners.map { cell(verdict(attack, $0)) }
        }
        return "## \(family.rawValue)\n\n" + table([["attack", "technique", "jrun has"] + confiners] + rows)
    }

    private var used: String {
        "## How they were used\n\n" + confiners.map { "- **\($0)**: \(usedAs[$0] ?? "")" }.joined(separator: "\n")
    }

    private func table(_ rows: [[String]]) -> String {
        let lines = rows.map { "| " + $0.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |" }
        let rule = "|" + String(repeating: " --- |", count: rows.first?.count ?? 0)
        return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
    }

    private func cell(_ verdict: Verdict?) -> String {
        switch verdict {
        case .succeeded: "**succeeds**"
        case .stopped(let how): how
        case .unavailable: "not on this kernel"
        case .broken: "could not be tried"
        case nil: ""
        }
    }
}
