// A table of verdicts, and what it says.

/// What became of attacks under confiners.
package struct Results {
    package var confiners: [any Confiner]
    package var attacks: [Attack]
    private var verdicts: [String: [String: Verdict]] = [:]

    package init(confiners: [any Confiner], attacks: [Attack]) {
        self.confiners = confiners
        self.attacks = attacks
    }

    package mutating func note(_ verdict: Verdict, _ attack: Attack, _ confiner: any Confiner) {
        verdicts[confiner.name, default: [:]][attack.name] = verdict
    }

    private func verdict(_ attack: Attack, _ confiner: any Confiner) -> Verdict? {
        verdicts[confiner.name]?[attack.name]
    }

    /// Attacks that a control showed to work, or all when none was asked.
    private var counted: [Attack] {
        attacks.filter { attack in
            guard let control = verdicts["outside"]?[attack.name] else { return true }
            return control == .succeeded
        }
    }

    /// Every control succeeded, or could not; nothing succeeded inside jrun; nothing was broken.
    package var isGood: Bool {
        attacks.allSatisfy { attack in
            confiners.allSatisfy { confiner in
                switch verdict(attack, confiner) {
                case .broken: false
                case .succeeded: !confiner.name.hasPrefix("jrun")
                case .stopped: confiner.name != "outside"
                case .unavailable, nil: true
                }
            }
        }
    }

    private func count(_ confiner: any Confiner, where isMeant: (Verdict) -> Bool) -> Int {
        counted.count { verdict($0, confiner).map(isMeant) ?? false }
    }

    package var summary: String {
        confiners.map { confiner in
            let succeeded = count(confiner) { $0 == .succeeded }
            let stopped = count(confiner) { if case .stopped = $0 { true } else { false } }
            return "\(confiner.name): \(stopped) stopped, \(succeeded) succeeded, of \(counted.count)"
        }.joined(separator: "\n")
    }

    package var markdown: String {
        var lines = [
            row(["attack", "technique", "stopped by"] + confiners.map(\.name)),
            row(Array(repeating: "---", count: 3 + confiners.count)),
        ]
        for attack in attacks {
            let defences = attack.stoppedBy.map(\.rawValue).joined(separator: ", ")
            lines.append(
                row(["`\(attack.name)`", attack.technique, defences] + confiners.map { cell(verdict(attack, $0)) }))
        }
        lines.append(
            row(
                ["**stopped**", "of \(counted.count) that succeed outside", ""]
                    + confiners.map { confiner in
                        "**\(count(confiner) { if case .stopped = $0 { true } else { false } })**"
                    }))
        let used = confiners.map { "- **\($0.name)**: \($0.usedAs)" }
        return (lines + [""] + used).joined(separator: "\n") + "\n"
    }

    private func row(_ cells: [String]) -> String {
        "| " + cells.map { $0.split(separator: "|").joined(separator: "\\|") }.joined(separator: " | ") + " |"
    }

    private func cell(_ verdict: Verdict?) -> String {
        switch verdict {
        case .succeeded: "**succeeds**"
        case .stopped(let how): "stopped: \(how)"
        case .unavailable: "not on this kernel"
        case .broken: "?"
        case nil: ""
        }
    }
}
