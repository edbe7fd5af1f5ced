// One attempt and what became of it.

import TestSupport

package enum Verdict: Equatable, Sendable, CustomStringConvertible {
    case succeeded
    /// With what the kernel, or the confiner, said.
    case stopped(String)
    /// Only for controls: the kernel lacks it.
    case unavailable(String)
    /// The attempt was not one: the confiner or the probe did not start, or said nothing.
    case broken(String)

    package var isStopped: Bool { if case .stopped = self { true } else { false } }

    package var description: String {
        switch self {
        case .succeeded: "SUCCEEDED"
        case .stopped(let how): "stopped: \(how)"
        case .unavailable(let why): "unavailable: \(why)"
        case .broken(let why): "BROKEN: \(why)"
        }
    }

    /// From its description.
    init?(reading text: String) {
        let parts = text.split(separator: ": ", maxSplits: 1).map(String.init)
        switch parts.first {
        case "SUCCEEDED": self = .succeeded
        case "stopped": self = .stopped(parts.last ?? "")
        case "unavailable": self = .unavailable(parts.last ?? "")
        case "BROKEN": self = .broken(parts.last ?? "")
        default: return nil
        }
    }
}

/// Tries an attack under a confiner.
package func attempt(_ attack: Attack, under confiner: any Confiner, at site: Site) -> Verdict {
    do {
        let stage = try Stage(attack, confiner, site)
        defer { stage.clear() }
        // In a child of the probe's, so that what kills the attacker is an answer.
        let words = try ["batch"] + stage.fill(attack.probe)
        var command = try confiner.command(for: words, on: stage)
        command.arguments.insert(contentsOf: stage.wrapper.map { Array($0.utf8) }, at: 0)
        let ended = try command.run()
        return try judge(ended, stage)
    } catch { return .broken("\(error)") }
}

private func judge(_ ended: Ended, _ stage: Stage) throws -> Verdict {
    let answers = ended.text.split(separator: "\n").compactMap { try? JSON(parsing: $0.utf8) }
    let last = answers.last { $0["result"].exists }
    // The confiner's word first: where it ends the whole run, the probe had no time to answer.
    let how = stage.confiner.killed(ended) ?? last.flatMap(refusal)
    let isDone = last?["result"].string == "ok"
    let succeeded =
        switch stage.attack.success {
        case .answer: isDone
        case .change: try isDone && !stage.confiner.keepsAsItWas(stage)
        case .secret: ended.text.contains(stage.secret)
        case .harm(_, let isHarmed): try isHarmed(stage)
        }
    if succeeded { return .succeeded }
    if how == nil && answers.isEmpty {
        return .broken("exit \(ended.status), no answer; \(ended.stderr.prefix(400)) \(ended.text.prefix(200))")
    }
    if last?["result"].string == "failed" { return .broken("the verb failed; \(ended.stderr.prefix(400))") }
    if isDone, case .change = stage.attack.success { return .stopped("own copy") }
    let answer = how ?? "no effect"
    if stage.isControl, let lack = stage.attack.unavailable.first(where: { $0.answer == answer }) {
        return .unavailable(lack.reason)
    }
    return .stopped(answer)
}

/// The errno's name, or the signal's.
private func refusal(_ answer: JSON) -> String? { answer["errno"].string ?? answer["signal"].string }
