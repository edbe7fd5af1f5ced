// Verdicts of attacks under confiners, and what they add up to.

package struct Results {
    /// In the order of the table's columns.
    package private(set) var confiners: [String]
    package private(set) var attacks: [Attack]
    /// Version and options, by confiner.
    private(set) var usedAs: [String: String] = [:]
    /// Where it was tried.
    private(set) var node = ""
    private var verdicts: [String: [String: Verdict]] = [:]

    package init(confiners: [any Confiner], attacks: [Attack], node: String) {
        self.confiners = confiners.map(\.name)
        self.attacks = attacks
        self.node = node
        for confiner in confiners { usedAs[confiner.name] = confiner.usedAs }
    }

    package mutating func note(_ verdict: Verdict, _ attack: Attack, _ confiner: any Confiner) {
        verdicts[confiner.name, default: [:]][attack.name] = verdict
    }

    func verdict(_ attack: Attack, _ confiner: String) -> Verdict? { verdicts[confiner]?[attack.name] }

    /// Attacks that the control showed to work, or all when it was not asked.
    var counted: [Attack] {
        attacks.filter { attack in
            guard let control = verdicts["outside"]?[attack.name] else { return verdicts["outside"] == nil }
            return control == .succeeded
        }
    }

    /// Every control succeeded, or could not; nothing succeeded inside jrun, and every attempt there was one.
    package var isGood: Bool {
        attacks.allSatisfy { attack in
            confiners.allSatisfy { confiner in
                switch verdict(attack, confiner) {
                case .broken: confiner != "outside" && !confiner.hasPrefix("jrun")
                case .succeeded: !confiner.hasPrefix("jrun")
                case .stopped: confiner != "outside"
                case .unavailable, nil: true
                }
            }
        }
    }

    func count(_ confiner: String, where isMeant: (Verdict) -> Bool) -> Int {
        counted.count { verdict($0, confiner).map(isMeant) ?? false }
    }

    package var summary: String {
        confiners.map { confiner in
            let succeeded = count(confiner) { $0 == .succeeded }
            let stopped = count(confiner) { $0.isStopped }
            return "\(confiner): \(stopped) stopped, \(succeeded) succeeded, of \(counted.count)"
        }.joined(separator: "\n")
    }
}

// MARK: As lines

// What jrun-escape prints can be read again: words between tabs, "node", "used" or "tried" first.
extension Results {
    package var head: String {
        (["node\t\(node)"] + confiners.map { "used\t\($0)\t\(usedAs[$0] ?? "")" }).joined(separator: "\n")
    }

    package static func line(_ verdict: Verdict, _ attack: Attack, _ confiner: any Confiner) -> String {
        "tried\t\(confiner.name)\t\(attack.name)\t\("\(verdict)".replacing("\n", with: " "))"
    }

    /// The results of an earlier run, of which other lines are left out.
    package init(reading text: String, attacks known: [Attack]) {
        self.init(confiners: [], attacks: [], node: "")
        for line in text.split(separator: "\n") {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            switch (words.first, words.count) {
            case ("node", 2): node = words[1]
            case ("used", 3):
                confiners.append(words[1])
                usedAs[words[1]] = words[2]
            case ("tried", 4): verdicts[words[1], default: [:]][words[2]] = Verdict(reading: words[3])
            default: continue
            }
        }
        attacks = known.filter { attack in confiners.contains { verdicts[$0]?[attack.name] != nil } }
    }
}
