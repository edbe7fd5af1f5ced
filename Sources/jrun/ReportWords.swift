import Programs
import Runs

/// Says on stderr what the program's own output cannot say: an end that jrun brought about, results that are not
/// there. A run that went its way is not commented.
func explain(_ report: Report, outputLost: String?) {
    let name = report.program.name
    if report.cause != Cause.exit.rawValue && report.cause != Cause.signal.rawValue {
        complain("\(name) \(report.state): \(report.evidence.summary)")
    }
    if let outputLost { complain(outputLost) }
    let usage = report.usage
    explainCut("stdout", kept: usage.stdoutBytes, dropped: usage.stdoutDroppedBytes)
    explainCut("stderr", kept: usage.stderrBytes, dropped: usage.stderrDroppedBytes)
    for file in report.results {
        guard let whole = file.originalBytes else { continue }
        complain("result cut off: '\(file.path)': its first \(file.size) of \(whole) bytes")
    }
    for refused in report.resultsRefused { complain("result not taken: \(refused)") }
}

private func explainCut(_ stream: String, kept: Int64, dropped: Int64?) {
    if let dropped { complain("\(stream) cut off: its first \(kept) of \(kept + dropped) bytes") }
}
