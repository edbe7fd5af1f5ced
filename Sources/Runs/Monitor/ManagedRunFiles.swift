import Crypto
import Kernel
import Programs
import Synchronization

extension ManagedRun {
    /// In the order of their paths.
    public nonisolated func files() throws -> [RunFile] {
        guard state.isFinal else {
            return try shared.withLock { $0.inputs }.files.map { name, input in
                RunFile(path: name, kind: .input, size: input.size, sha256: try sha256(of: name, input))
            }.sorted { $0.path < $1.path }
        }
        return try runFiles(results())
    }

    /// What a report of this run names.
    public nonisolated func results(in report: Report) throws -> [RunFile] {
        report.results.isEmpty ? [] : try runFiles(report.results)
    }

    private nonisolated func runFiles(_ results: [HarvestedFile]) throws -> [RunFile] {
        let directory = try open()
        return results.map { result in
            let stored = try? FileStatus(
                path: "\(ManagedRun.resultsName)/\(result.path)", at: directory.directory.raw, following: false)
            return RunFile(result, stored)
        }.sorted { $0.path < $1.path }
    }

    private nonisolated func results() throws -> [HarvestedFile] {
        struct Results: Decodable { var results: [HarvestedFile] }
        return try decodeRunFile(Results.self, try report()).results
    }

    private nonisolated func sha256(of name: String, _ input: RunInputs.Input) throws -> String {
        if let known = input.sha256 { return known }
        let file = try openInput(name)
        var hash = SHA256(), offset: Int64 = 0
        while true {
            let piece = try FileSystem.read(file.raw, from: offset, upTo: 1 << 20)
            if piece.isEmpty { break }
            hash.update(data: piece)
            offset += Int64(piece.count)
        }
        let digest = hex(hash.finalize())
        shared.withLock { $0.inputs.learned(digest, of: name) }
        return digest
    }

    private nonisolated func openInput(_ name: String) throws -> OwnedFD {
        let directory = try open()
        return try FileSystem.openBeneath(directory.directory.raw, "\(ManagedRun.inputsName)/\(name)", .read)
    }

    /// One of `files()`: the report is not read again for each of a hundred thousand.
    public nonisolated func open(_ file: RunFile) throws -> OpenedFile {
        guard file.kind == .result else { return try open(file.path) }
        return try openResult(file, Reading(self))
    }

    private nonisolated func openResult(_ result: RunFile, _ reading: Reading) throws -> OpenedFile {
        let directory = try open()
        let file = try SharedFile(
            FileSystem.openBeneath(directory.directory.raw, "\(ManagedRun.resultsName)/\(result.path)", .read))
        var stored = result
        stored.isExecutable = try FileStatus(of: file.file.raw).mode & 0o100 != 0
        return OpenedFile(reading, file, stored)
    }

    /// A file to be read; counts as a reader of the run until it goes.
    public nonisolated func open(_ path: String) throws -> OpenedFile {
        let reading = Reading(self)
        let missing = MonitorRefusal(.notFound, "run '\(id)' has no file '\(printable(path))'")
        if let input = shared.withLock({ $0.inputs[path] }), !state.isFinal {
            let file = try SharedFile(openInput(path))
            let known = RunFile(path: path, kind: .input, size: input.size, sha256: try sha256(of: path, input))
            return OpenedFile(reading, file, known)
        }
        guard state.isFinal, let result = try results().first(where: { $0.path == path }) else { throw missing }
        return try openResult(RunFile(result, nil), reading)
    }

    /// Begins to replace or add an input. - Throws: `conflict`, `invalid`, `precondition`
    public func upload(_ path: String, mayReplace: Bool = true) async throws -> Upload {
        try refuseIfRemoved()
        guard state == .created else { throw conflict("inputs can be put only before the start") }
        if let violation = program.violation(of: RequestedInput(name: path, size: 0)) {
            throw MonitorRefusal(Violations([violation]))
        }
        if !mayReplace, shared.withLock({ $0.inputs[path] != nil }) {
            throw MonitorRefusal(.precondition, "run '\(id)' has an input '\(path)' already")
        }
        return try Upload(self, path, mayReplace: mayReplace)
    }

    /// Puts uploaded files in their places: all of them, or none when the rules refuse one.
    public func place(_ uploads: [Upload]) throws { _ = try place(uploads, mayReplace: true) }

    /// - Returns: whether any of them was there before.
    func place(_ uploads: [Upload], mayReplace: Bool) throws -> Bool {
        try refuseIfRemoved()
        guard state == .created else { throw conflict("it was started while inputs were on their way") }
        let directory = try open()
        var files = shared.withLock(\.inputs), replaced = false
        for upload in uploads {
            let file = try upload.complete()
            try files.refuseExcess(file, program)
            replaced = replaced || files[file.path] != nil
            if replaced, !mayReplace {
                throw MonitorRefusal(.precondition, "run '\(id)' has an input '\(file.path)' already")
            }
            files.add(file.path, .init(size: file.size, sha256: file.sha256), program)
        }
        // What can fail for want of room comes before what cannot.
        for upload in uploads { try ManagedRun.makeParents(of: upload.path, in: directory.directory.raw) }
        for upload in uploads {
            try FileSystem.rename(
                upload.temporaryName, to: "\(ManagedRun.inputsName)/\(upload.path)", from: directory.directory.raw,
                at: directory.directory.raw)
            upload.isPlaced()
        }
        let before = shared.withLock { shared in
            defer { shared.inputs = files }
            shared.snapshot.keptBytes += files.keptBytes - shared.inputs.keptBytes
            return shared.inputs.bytes
        }
        monitor.countKept(self)
        for upload in uploads { upload.isCounted() }
        monitor.count { $0.uploadedBytes += max(0, files.bytes - before) }
        changes.raise()
        return replaced
    }

    static func makeParents(of name: String, in directory: Int32) throws {
        try FileSystem.makeDirectory(inputsName, mode: 0o700, at: directory, orFindIt: true)
        let components = name.pathComponents.dropLast()
        for index in components.indices {
            let path = "\(inputsName)/\(components[...index].joined(separator: "/"))"
            try FileSystem.makeDirectory(path, mode: 0o700, at: directory, orFindIt: true)
        }
    }

    public func removeInput(_ path: String) async throws {
        try refuseIfRemoved()
        guard state == .created else { throw conflict("inputs can be removed only before the start") }
        guard shared.withLock({ $0.inputs[path] }) != nil else {
            throw MonitorRefusal(.notFound, "run '\(id)' has no input '\(printable(path))'")
        }
        let directory = try open()
        try FileSystem.removeFile("\(ManagedRun.inputsName)/\(path)", at: directory.directory.raw)
        // Directories that are empty now would stand in the way of a file of their name.
        var parent = path[...]
        while let slash = parent.utf8.lastIndex(of: UInt8(ascii: "/")) {
            parent = parent[..<slash]
            let name = "\(ManagedRun.inputsName)/\(parent)"
            do { try FileSystem.removeDirectory(name, at: directory.directory.raw) } catch { break }
        }
        shared.withLock { shared in
            let before = shared.inputs.keptBytes
            shared.inputs.remove(path, program)
            shared.snapshot.keptBytes += shared.inputs.keptBytes - before
        }
        monitor.countKept(self)
        changes.raise()
    }
}

extension RunFile {
    /// - Parameter stored: what is on disk; nil when it is not there any more.
    init(_ result: HarvestedFile, _ stored: FileStatus?) {
        self.init(
            path: result.path, kind: .result, size: result.size, sha256: result.sha256,
            isExecutable: (stored?.mode ?? 0) & 0o100 != 0)
    }
}

/// A file being read: results of an ended run, inputs before.
public final class OpenedFile: Sendable {
    public let file: RunFile
    private let reading: Reading
    private let opened: SharedFile

    init(_ reading: Reading, _ opened: SharedFile, _ file: RunFile) {
        (self.reading, self.opened, self.file) = (reading, opened, file)
    }

    /// Blocks as a disk does.
    public func read(from offset: Int64, upTo count: Int) throws -> [UInt8] {
        try FileSystem.read(opened.file.raw, from: offset, upTo: count)
    }
}

/// An input on its way. Nothing of it is to be seen before it is placed; what is not placed is removed.
public final class Upload: Sendable {
    private struct Progress {
        var file: SharedFile?
        var hash = SHA256()
        var size: Int64 = 0
        /// Set when the last byte has come and its content was found good.
        var complete: RunFile?
        var isPlaced = false
        /// Bytes of the owner's room that are taken for it.
        var reserved: Int64 = 0
    }

    private let run: ManagedRun
    let path: String
    private let mayReplace: Bool
    private let bounds: InputBounds?
    private let progress: Mutex<Progress>
    let temporaryName: String

    static let temporaryPrefix = ".upload-"

    init(_ run: ManagedRun, _ path: String, mayReplace: Bool) throws {
        self.run = run
        self.path = path
        self.mayReplace = mayReplace
        bounds = run.program.inputBounds(of: path)
        temporaryName = "\(Upload.temporaryPrefix)\(RunID())"
        let directory = try run.open()
        let file = try SharedFile(directory.createFile(temporaryName))
        progress = Mutex(Progress(file: file))
    }

    deinit {
        if !progress.withLock(\.isPlaced) { try? FileSystem.removeFile("\(run.path)/\(temporaryName)") }
        giveBack(keeping: 0)
    }

    /// What is in its place is counted there.
    func isCounted() { giveBack(keeping: 0) }

    private func giveBack(keeping bytes: Int64) {
        let excess = progress.withLock { progress in
            defer { progress.reserved = min(progress.reserved, bytes) }
            return progress.reserved - min(progress.reserved, bytes)
        }
        if excess > 0 { run.monitor.giveBack(excess, of: run.owner) }
    }

    /// Pieces of growing size, since to add up what somebody keeps takes its time.
    private func reserve(_ size: Int64) throws {
        let missing = RunInputs.cost(size) - progress.withLock(\.reserved)
        guard missing > 0 else { return }
        for bytes in [max(missing, min(size, 4 << 20)), missing] where run.monitor.reserve(bytes, for: run.owner) {
            return progress.withLock { $0.reserved += bytes }
        }
        throw MonitorRefusal(.quota, "input '\(path)' exceeds what your runs may keep; remove some, or ask for more")
    }

    func isPlaced() { progress.withLock { $0.isPlaced = true } }

    /// - Throws: `invalid` as soon as it is larger than its rule allows; `quota`; `node` when the disk is full.
    public func write(_ bytes: [UInt8]) throws {
        let (file, size) = progress.withLock { progress in
            progress.hash.update(data: bytes)
            progress.size += Int64(bytes.count)
            return (progress.file, progress.size)
        }
        if let bounds, size > bounds.maxSize { try refuse(RequestedInput(name: path, size: size)) }
        try reserve(size)
        guard let file else { return }
        do { try FileSystem.write(bytes, to: file.file.raw, named: path) } catch {
            throw MonitorRefusal(
                .node, "input '\(path)' of run '\(run.id)' cannot be kept: \(describe(errno: error.errno))")
        }
    }

    private func refuse(_ input: RequestedInput) throws {
        if let violation = run.program.violation(of: input) { throw MonitorRefusal(Violations([violation])) }
    }

    /// Every byte has come: looks at the content, and closes the file. Said again, it answers the same.
    @discardableResult
    public func complete() throws -> RunFile {
        let (file, hash, size, known) = progress.withLock { ($0.file, $0.hash, $0.size, $0.complete) }
        if let known { return known }
        // An empty one has not been written to.
        try reserve(size)
        let types = run.program.contentTypes(ofInput: path, size: size)
        var input = RequestedInput(name: path, size: size)
        if !types.isEmpty, let file { input.content = try contentFacts(of: file.file.raw, lookingFor: types) }
        try refuse(input)
        let taken = RunFile(path: path, kind: .input, size: size, sha256: hex(hash.finalize()))
        progress.withLock { progress in
            progress.complete = taken
            progress.file = nil
        }
        giveBack(keeping: RunInputs.cost(size))
        return taken
    }

    /// Puts the file in its place.
    ///
    /// - Returns: the file, and whether there was one of that name.
    public func finish() async throws -> (file: RunFile, replaced: Bool) {
        let replaced = try await run.place([self], mayReplace: mayReplace)
        return (try complete(), replaced)
    }
}
