import ControlAPI
import Hummingbird
import Programs
import Runs

// Everything in one answer.

extension API {
    /// Most of one content, and of all together, that go into an answer.
    private static let contentBytes: Int64 = 1 << 20
    private static let answerBytes: Int64 = 8 << 20

    func execute(_ call: Call) async throws -> Response {
        let isKept = try call.query.bool("keep", default: false)
        let body = try await call.json(upTo: RequestForm.maxBytes)
        let form = try requestForm(body)
        let program = try usableProgram(form.program, call)
        let (run, _) = try await monitor.create(form, of: program.loaded, for: call.owner, startsNow: true)
        // The request is in the run's directory now, and the run may take its time.
        call.holding.giveBack()
        do {
            try await API.closeStdin(of: run)
            _ = try await run.startWhenFree()
        } catch {
            // Nobody knows of it but this request.
            try? await monitor.remove(run)
            throw error
        }
        let report: Report
        do {
            report = try await call.connection.wait(forEndOf: run)
        } catch is CancellationError {
            try? await run.command(.terminate)
            throw CancellationError()
        }
        var contents = Contents(rest: API.answerBytes, holding: call.holding)
        let answer = try await self.answer(of: run, report, &contents)
        if contents.isWhole, !isKept { try await monitor.remove(run, later: true) }
        return try call.answer(json: answer)
    }

    /// Before the start: the program finds its stdin empty.
    private static func closeStdin(of run: ManagedRun) async throws {
        guard run.program.stdin == .stream else { return }
        let writer = try await run.openStdin(closing: true)
        defer { writer.finish() }
        try await writer.close()
    }

    // MARK: The answer

    private struct Contents {
        /// What may still go into the answer.
        var rest: Int64
        let holding: Holding
        /// Everything that was asked for did.
        var isWhole = true
    }

    private func answer(
        of run: ManagedRun, _ report: Report, _ contents: inout Contents
    ) async throws -> ExecuteJSON {
        var streams: [OutputStream: ContentView] = [:]
        for stream in OutputStream.allCases {
            guard let (size, _) = run.stream(stream) else { continue }
            streams[stream] = try await content(size, &contents) { count in
                try run.reader(of: stream, from: 0, following: false).read(all: count)
            }
        }
        var files: [String: ContentView] = [:]
        for file in try await onDisk({ try run.results(in: report) }) {
            files[file.path] = try await content(file.size, &contents) { count in
                try run.open(file.path).read(all: count)
            }
        }
        return ExecuteJSON(
            run: daemon.view(run), report: report, stdout: streams[.stdout], stderr: streams[.stderr], files: files)
    }

    private func content(
        _ size: Int64, _ contents: inout Contents, read: @escaping @Sendable (Int) throws -> [UInt8]
    ) async throws -> ContentView {
        // Once as it is, and once as JSON.
        guard size <= API.contentBytes, size <= contents.rest, size == 0 || contents.holding.take(2 * Int(size)) else {
            contents.isWhole = false
            return ContentView(bytes: size)
        }
        contents.rest -= size
        return ContentView(try await onDisk { try read(Int(size)) })
    }
}

extension StreamReader {
    fileprivate func read(all count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            var done = 0
            while done < count {
                let n = try read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[done..<count]))
                if n == 0 { break }
                done += n
            }
            initialized = done
        }
    }
}

extension OpenedFile {
    fileprivate func read(all count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, case let piece = try read(from: Int64(all.count), upTo: count - all.count),
            !piece.isEmpty
        {
            all += piece
        }
        return all
    }
}
