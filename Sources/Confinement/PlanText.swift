import Programs

// How a plan reads: `jrun plan`.

extension LaunchPlan {
    /// One numbered line a step, under the name of whoever carries it out.
    public func render() -> String {
        let spaces = namespaces.map(\.rawValue).joined(separator: ", ")
        let (ofInit, ofRun) = supervision.hasCgroup ? (", in its own cgroup", ", in the run's cgroup") : ("", "")
        var lines = ["clone3 into new namespaces: \(spaces); pid 1 is jrun-init\(ofInit)", "", "jrun-init:"]
        for (index, step) in steps.enumerated() {
            if index == viewSteps.count { lines += ["", "the program's process\(ofRun):"] }
            lines.append("\(padded(index + 1)) \(step)")
            guard case .execute(_, let arguments, let environment) = step else { continue }
            if steps.contains(where: \.isHold) {
                lines.append("       arguments and environment: those of the request")
            } else {
                lines.append("       arguments: \(arguments.map(quotedWord).joined(separator: " "))")
                if !environment.isEmpty {
                    lines.append("       environment: \(environment.map(quotedWord).joined(separator: " "))")
                }
            }
        }
        return (lines + ["", "then jrun-init:"] + supervision.lines.map { "     \($0)" }).joined(separator: "\n") + "\n"
    }

    private func padded(_ number: Int) -> String { String(repeating: " ", count: number < 10 ? 4 : 3) + "\(number)" }
}

/// In single quotes when a shell would need them.
private func quotedWord(_ word: String) -> String {
    let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "_-+=./:,@%".utf8.contains(byte)
        }
    return isPlain
        ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}

extension Supervision {
    /// Each limit with its value and its mechanism, and what happens around the end.
    public var lines: [String] {
        var lines = LimitName.allCases.map { name in
            let mechanism = enforcement[name]
            if mechanism == .unlimited { return "\(name.rawValue) unlimited" }
            let holder = mechanism == .nothing ? "not held" : "held by \(mechanism.rawValue)"
            return "\(name.rawValue) ≤ \(name.format(limits[name])), \(holder)"
        }
        lines += [
            line("stdin", nil, stdinCap), line("stdout", stdout, stdout?.cap), line("stderr", stderr, stderr?.cap),
        ]
        .compactMap { $0 }
        lines.append("terminate: SIG\(stop.signal.name), kill after \(stop.graceMilliseconds) ms")
        if lifeline { lines.append("if the launcher dies: kill the run and remove its directory and cgroup") }
        return lines
    }

    private func line(_ stream: String, _ relay: RelayRule?, _ cap: StreamCap?) -> String? {
        guard let cap else { return nil }
        var place = ""
        if case .file(let name) = relay?.target { place = " into the file '\(name)'" }
        let end = cap.excess == .kill ? "more ends the run" : "the rest is dropped"
        let holder = stream == "stdin" ? "the launcher" : "jrun-init relay"
        return "\(stream)\(place) ≤ \(formatBytes(cap.maxSize)), \(end), held by \(holder)"
    }
}

/// The plan for other programs: `jrun plan --json`.
public struct PlanOutline: Sendable, Codable, Equatable {
    public var schema = "jrun.plan/1"
    public var namespaces: [String]
    public var steps: [OutlinedStep]
    public var supervision: [String]

    public struct OutlinedStep: Sendable, Codable, Equatable {
        public var number: Int
        /// `jrun-init` or `program`.
        public var by: String
        public var step: String
    }
}

extension LaunchPlan {
    public var outline: PlanOutline {
        PlanOutline(
            namespaces: namespaces.map(\.rawValue),
            steps: steps.enumerated().map { index, step in
                .init(number: index + 1, by: index < viewSteps.count ? "jrun-init" : "program", step: "\(step)")
            }, supervision: supervision.lines)
    }
}
