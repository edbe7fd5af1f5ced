import Crypto
import Kernel
import Programs
import Synchronization

extension ManagedRun {
    /// In the order of their paths.
    public nonisolated func files() throws -> [RunFile] {
        guard state.isFinal else {
            return try shared.withLock { $0.inputs }.map { name, input in
                RunFile(path: name, kind: .input, size: input.size, sha256: try sha256(of: name, input))
            }.sorted { $0.path < $1.path }
        }
        return try results().map { RunFile(path: $0.path, kind: .result, size: $0.size, sha256: $0.sha256) }
            .sorted { $0.path < $1.path }
    }

    private nonisolated func results() throws -> [HarvestedFile] {
        struct Results: Decodable { var results: [HarvestedFile] }
        return try decodeRunFile(Results.self, try report()).results
    }

    private nonisolated func sha256(of name: String, _ input: Input) throws -> String {
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
        shared.withLock { $0.learned(digest, of: name) }
        return digest
    }

    private nonisolated func openInput(_ name: String) throws -> OwnedFD {
        let directory = try open()
        return try FileSystem.openBeneath(directory.directory.raw, "\(ManagedRun.inputsName)/\(name)", .read)
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
        let directory = try open()
        let file = try SharedFile(
            FileSystem.openBeneath(directory.directory.raw, "\(ManagedRun.resultsName)/\(path)", .read))
        return OpenedFile(
            reading, file, RunFile(path: path, kind: .result, size: result.size, sha256: result.sha256))
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
        return try Upload(self, path, mayReplace: mayReplace, budget: monitor.budget(of: owner))
    }

    /// Puts uploaded files in their places, all of them or none.
    ///
    /// - Returns: of each, whether there was one of that name.
    func place(_ uploads: [(upload: Upload, file: RunFile)], mayReplace: Bool) throws -> [Bool] {
        try refuseIfRemoved()
        guard state == .created else { throw conflict("it was started while its inputs were on their way") }
        let directory = try open()
        // What the run would be with those that come before.
        var trial = shared.withLock { $0 }
        var parents: Set<String> = []
        for (_, file) in uploads {
            if !mayReplace, trial.inputs[file.path] != nil {
                throw MonitorRefusal(.precondition, "run '\(id)' has an input '\(file.path)' already")
            }
            try refuseExcess(file, beside: trial, parents, in: directory)
            trial.add(file.path, Input(size: file.size, sha256: file.sha256), program)
            parents.formUnion(ManagedRun.parents(of: file.path))
        }
        // The disk may be full; moving needs no more room.
        for (_, file) in uploads { try ManagedRun.makeParents(of: file.path, in: directory.directory.raw) }
        defer { changes.raise() }
        return try uploads.map { try put($0.upload, $0.file, in: directory) }
    }

    private func put(_ upload: Upload, _ file: RunFile, in directory: borrowing RunDirectory) throws -> Bool {
        try FileSystem.rename(
            upload.temporaryName, to: "\(ManagedRun.inputsName)/\(file.path)", from: directory.directory.raw,
            at: directory.directory.raw)
        let previous = shared.withLock { shared in
            let previous = shared.inputs[file.path]
            shared.add(file.path, Input(size: file.size, sha256: file.sha256), program)
            shared.snapshot.keptBytes += file.size - (previous?.size ?? 0)
            return previous
        }
        monitor.count { $0.uploadedBytes += file.size }
        return previous != nil
    }

    /// The directories that a name lies in, innermost first.
    private static func parents(of name: String) -> [String] {
        var parents: [String] = []
        var parent = name[...]
        while let slash = parent.lastIndex(of: "/") {
            parent = parent[..<slash]
            parents.append(String(parent))
        }
        return parents
    }

    /// What the rules say of all files of one kind together, and of names that stand in each other's way.
    private func refuseExcess(
        _ file: RunFile, beside shared: Shared, _ directories: Set<String>, in directory: borrowing RunDirectory
    ) throws {
        func refuse(_ words: String) -> MonitorRefusal {
            MonitorRefusal(Violations([Violation(rule: "inputs", place: "input '\(file.path)'", message: words)]))
        }
        guard let bounds = program.inputBounds(of: file.path) else { throw refuse("no rule accepts it") }
        let tally = shared.tallies[bounds.rule, default: .init()]
        var (count, total) = (tally.count, tally.bytes)
        if let previous = shared.inputs[file.path] {
            count -= 1
            total -= previous.size
        }
        for parent in ManagedRun.parents(of: file.path) where shared.inputs[parent] != nil {
            throw refuse("'\(parent)' is a file, so nothing can be inside it")
        }
        let place = "\(ManagedRun.inputsName)/\(file.path)"
        let found = try? FileStatus(path: place, at: directory.directory.raw, following: false)
        if found?.kind == .directory || directories.contains(file.path) {
            throw refuse("there are inputs inside of a directory of that name")
        }
        count += 1
        total += file.size
        if count > bounds.maxCount { throw refuse("one too many; at most \(bounds.maxCount) are accepted") }
        if let most = bounds.maxTotal, total > most {
            throw refuse("\(total) bytes altogether are too much; at most \(most) are accepted")
        }
    }

    static func makeParents(of name: String, in directory: Int32) throws {
        try FileSystem.makeDirectory(inputsName, mode: 0o700, at: directory, orFindIt: true)
        let components = name.split(separator: "/").dropLast()
        for index in components.indices {
            let path = "\(inputsName)/\(components[...index].joined(separator: "/"))"
            try FileSystem.makeDirectory(path, mode: 0o700, at: directory, orFindIt: true)
        }
    }

    public func removeInput(_ path: String) async throws {
        try refuseIfRemoved()
        guard state == .created else { throw conflict("inputs can be removed only before the start") }
        guard let input = shared.withLock({ $0.inputs[path] }) else {
            throw MonitorRefusal(.notFound, "run '\(id)' has no input '\(printable(path))'")
        }
        let directory = try open()
        try FileSystem.removeFile("\(ManagedRun.inputsName)/\(path)", at: directory.directory.raw)
        // Directories that are empty now would stand in the way of a file of their name.
        var parent = path[...]
        while let slash = parent.lastIndex(of: "/") {
            parent = parent[..<slash]
            let name = "\(ManagedRun.inputsName)/\(parent)"
            do { try FileSystem.removeDirectory(name, at: directory.directory.raw) } catch { break }
        }
        shared.withLock { shared in
            shared.removeInput(path, program)
            shared.snapshot.keptBytes -= input.size
        }
        changes.raise()
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

/// An input on its way. Nothing of it is to be seen before `finish`; what is not finished is removed.
public final class Upload: Sendable {
    private struct Progress {
        var hash = SHA256()
        var size: Int64 = 0
        var isPlaced = false
    }

    private let run: ManagedRun
    private let path: String
    private let mayReplace: Bool
    private let bounds: InputBounds?
    /// Bytes that the owner may still keep.
    private let budget: Int64
    private let file: OwnedFD
    private let progress = Mutex(Progress())
    let temporaryName: String

    static let temporaryPrefix = ".upload-"

    init(_ run: ManagedRun, _ path: String, mayReplace: Bool, budget: Int64) throws {
        self.run = run
        self.path = path
        self.mayReplace = mayReplace
        self.budget = budget
        bounds = run.program.inputBounds(of: path)
        temporaryName = "\(Upload.temporaryPrefix)\(RunID())"
        let directory = try run.open()
        file = try directory.createFile(temporaryName)
    }

    deinit {
        if !progress.withLock(\.isPlaced) { try? FileSystem.removeFile("\(run.path)/\(temporaryName)") }
    }

    /// - Throws: `invalid` as soon as it is larger than its rule allows; `quota`; `node` when the disk is full.
    public func write(_ bytes: [UInt8]) throws {
        let size = progress.withLock { progress in
            progress.hash.update(data: bytes)
            progress.size += Int64(bytes.count)
            return progress.size
        }
        if size > budget {
            throw MonitorRefusal(
                .quota, "input '\(path)' exceeds what your runs may keep; remove some, or ask for more")
        }
        if let bounds, size > bounds.maxSize,
            let violation = run.program.violation(of: RequestedInput(name: path, size: size))
        {
            throw MonitorRefusal(Violations([violation]))
        }
        do { try FileSystem.write(bytes, to: file.raw, named: path) } catch {
            throw MonitorRefusal(
                .node, "input '\(path)' of run '\(run.id)' cannot be kept: \(describe(errno: error.errno))")
        }
    }

    /// Checks the content and puts the file in its place.
    ///
    /// - Returns: the file, and whether there was one of that name.
    public func finish() async throws -> (file: RunFile, replaced: Bool) {
        let taken = try checked()
        let replaced = try await run.place([(self, taken)], mayReplace: mayReplace)
        progress.withLock { $0.isPlaced = true }
        return (taken, replaced[0])
    }

    /// The same for the files of one run, all of them or none.
    public static func finish(_ uploads: [Upload]) async throws {
        guard let first = uploads.first else { return }
        let all = try uploads.map { (upload: $0, file: try $0.checked()) }
        _ = try await first.run.place(all, mayReplace: true)
        for upload in uploads { upload.progress.withLock { $0.isPlaced = true } }
    }

    /// The file, when its content is what its rule asks for.
    private func checked() throws -> RunFile {
        let (hash, size) = progress.withLock { ($0.hash, $0.size) }
        let types = run.program.contentTypes(ofInput: path, size: size)
        if !types.isEmpty {
            let facts = try contentFacts(of: file.raw, lookingFor: types)
            if let violation = run.program.violation(of: RequestedInput(name: path, size: size, content: facts)) {
                throw MonitorRefusal(Violations([violation]))
            }
        }
        return RunFile(path: path, kind: .input, size: size, sha256: hex(hash.finalize()))
    }
}
