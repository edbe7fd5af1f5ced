import ControlAPI
import Kernel
import Programs
import Runs

/// What is left to be done with a run that has ended: results, report, words, removal.
struct RunConclusion {
    let session: RunSession
    let output: OutputDirectory
    let report: ReportFile
    let keep: Bool

    /// - Returns: what the command exits with.
    func conclude(outputLost: String?) throws -> Int32 {
        let (client, id) = (session.client, session.id)
        // The event of the end may come before the answers know of it.
        try client.waitForEnd(of: id)
        let bytes = try client.persisting { try client.collect(.get(.run(id, "report"))) }
        let report = try client.decode(Report.self, from: bytes)
        let isWhole = try fetchResults(client, id)
        try self.report.publish(bytes)
        explain(report, outputLost: outputLost)
        if keep || !isWhole {
            complain("run kept: \(id)\(isWhole ? "" : "; fetch its results with: jrun get \(id)")")
        } else {
            try client.persisting { try client.remove(id) }
        }
        return report.exitStatus(isUndelivered: outputLost != nil || !isWhole)
    }

    /// - Returns: whether everything was written that could be.
    private func fetchResults(_ client: ControlClient, _ id: String) throws -> Bool {
        client.interruption = session.signals.descriptor.raw
        defer { client.interruption = -1 }
        do {
            let files = try client.persisting { try client.decode(FileList.self, .get(.run(id, "files"))).files }
            var isWhole = true
            for file in files where file.kind == "result" {
                do { try output.fetch(file, of: id, with: client) } catch let refused as NotTaken {
                    complain("result not taken: '\(file.path)': \(refused)")
                    isWhole = isWhole && refused.isProgramsDoing
                }
            }
            return isWhole
        } catch ClientError.interrupted {
            complain("results not fetched: jrun was asked to stop")
            return false
        }
    }
}
