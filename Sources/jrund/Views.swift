import ControlAPI
import Programs
import Runs

// What the API shows of a run.

extension RunView {
    init(_ run: ManagedRun, ownerName: String?) {
        let now = run.snapshot
        let limits = LimitName.allCases.map { ($0.rawValue, run.limits[$0]) }.filter { $1 != LimitName.unlimited }
        self.init(
            id: run.id.description,
            program: ProgramView(
                name: run.reference.name, version: run.reference.version, digest: run.reference.digest),
            owner: OwnerView(uid: run.owner.uid, name: ownerName),
            state: now.state.rawValue, queuePosition: now.queuePosition, cause: now.cause?.rawValue,
            summary: now.summary, exitCode: now.exitCode, signal: now.signal, terminating: now.isTerminating,
            created: now.created, started: now.started, ended: now.ended, arguments: run.arguments,
            environment: run.environment, inputs: now.inputs,
            limits: Dictionary(uniqueKeysWithValues: limits),
            stdin: StdinView(
                kind: run.program.stdin.kind, bytes: now.stdinBytes, closed: now.isStdinClosed),
            stdout: RunView.stream(.stdout, run.program.stdout, run),
            stderr: RunView.stream(.stderr, run.program.stderr, run),
            keptBytes: now.keptBytes)
    }

    private static func stream(_ stream: OutputStream, _ sink: StreamSink, _ run: ManagedRun) -> StreamView {
        let held = run.stream(stream)
        return StreamView(
            kind: sink.kind, bytes: held?.bytes ?? 0, ended: held?.hasEnded ?? run.snapshot.state.isFinal)
    }
}

extension StreamSource {
    fileprivate var kind: String {
        switch self {
        case .ignore: "ignore"
        case .stream: "stream"
        case .file: "file"
        }
    }
}

extension StreamSink {
    fileprivate var kind: String {
        switch self {
        case .ignore: "ignore"
        case .stream: "stream"
        case .file: "file"
        case .stdout: "stdout"
        }
    }
}

extension FileView {
    init(_ file: RunFile) {
        self.init(
            path: file.path, kind: file.kind.rawValue, sizeBytes: file.size, sha256: file.sha256,
            executable: file.isExecutable ? true : nil)
    }
}

extension EventView {
    init(_ event: RunEvent) {
        self.init(
            sequence: event.sequence, time: event.time, run: event.run, program: event.program, owner: event.owner,
            state: event.state, cause: event.cause)
    }
}

extension ProgramInfo {
    init(_ entry: ProgramCatalog.Entry, file: String? = nil) {
        let program = entry.loaded.program
        self.init(
            name: program.name, summary: program.summary, version: program.version, digest: entry.loaded.digest,
            file: file)
    }
}

extension ProgramCatalog.Entry {
    /// As `jrun program show` prints it.
    var shown: String {
        var lines = loaded.files.map { "# \(shortFileName($0.path)): \(printable($0.path)), SHA-256 \($0.digest)\n" }
        if loaded.files.count > 1 { lines.append("# all of them: SHA-256 \(loaded.digest)\n") }
        return lines.joined() + source.annotatedYAML()
    }
}
