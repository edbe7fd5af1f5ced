import CLinux
import Confinement
import Crypto
import Kernel
import Programs

/// One result, as the report names it.
public struct HarvestedFile: Sendable, Codable, Equatable {
    public var path: String
    /// Bytes.
    public var size: Int64
    /// SHA-256 in hexadecimal.
    public var sha256: String
}

/// Takes the results that the final state allows out of the work directory. The program is dead, but everything in
/// there is its making: nothing is followed, only regular files are opened, and every count is bounded.
struct Harvest {
    let program: Program
    let limits: Limits
    let state: RunState
    let cause: Cause

    struct Outcome {
        var files: [HarvestedFile] = []
        /// Files that a rule names and that were not taken, each with the reason.
        var refused: [String] = []
        /// Required results that are not there.
        var missing: [String] = []
    }

    /// Deeper than any honest result; a tree of 5,000 levels ends here.
    static let maxDepth = 32
    /// Entries looked at in all.
    static let maxEntries = 100_000

    /// - Parameter outputDirectory: an open directory, or nil to look but not copy.
    func collect(from workspace: borrowing Workspace, into outputDirectory: Int32?) throws -> Outcome {
        var outcome = Outcome()
        let rules = program.results.filter { $0.applies(state: state, cause: cause) }
        var counts = [Int](repeating: 0, count: rules.count)
        let root = workspace.root.raw
        for path in try listing(of: root, refused: &outcome.refused) {
            guard let index = rules.firstIndex(where: { $0.path.matches(path) }) else { continue }
            do {
                guard
                    let file = try take(
                        path, by: rules[index], count: counts[index], from: workspace, into: outputDirectory)
                else { continue }
                counts[index] += 1
                outcome.files.append(file)
            } catch {
                outcome.refused.append("'\(printable(path))': \(try reasonForRefusing(error))")
            }
        }
        for (index, rule) in rules.enumerated() where rule.required && counts[index] == 0 {
            outcome.missing.append(rule.path.source)
        }
        return outcome
    }

    /// Nil for an input that the program has not touched.
    private func take(
        _ path: String, by rule: ResultRule, count: Int, from workspace: borrowing Workspace,
        into outputDirectory: Int32?
    ) throws -> HarvestedFile? {
        let file = try FileSystem.openBeneath(workspace.root.raw, path, .read)
        let status = try FileStatus(of: file.raw)
        if workspace.isUntouchedInput(status) { return nil }
        try check(status, against: rule, count: count)
        return try copy(file.raw, status, as: path, into: outputDirectory)
    }

    /// Every regular file that the program left, untouched inputs too; what cannot be taken is left out.
    func copyEverything(from workspace: borrowing Workspace, into directory: Int32) throws {
        var refused: [String] = []
        let root = workspace.root.raw
        for path in try listing(of: root, refused: &refused) {
            guard let file = try? FileSystem.openBeneath(root, path, .read), let status = try? FileStatus(of: file.raw),
                status.kind == .file
            else { continue }
            _ = try copy(file.raw, status, as: path, into: directory)
        }
    }

    private struct Refused: Error { var reason: String }

    private func check(_ status: FileStatus, against rule: ResultRule, count: Int) throws {
        let limit = rule.maxSize ?? limits[.disk]
        if status.kind != .file { throw Refused(reason: "it is a \(status.kind.rawValue), not a regular file") }
        if status.size > limit {
            throw Refused(reason: "\(formatBytes(status.size)) is more than \(formatBytes(limit))")
        }
        if count >= rule.maxCount { throw Refused(reason: "there are more than \(rule.maxCount)") }
    }

    /// What the program made can be refused; what fails on our own side is thrown on.
    private func reasonForRefusing(_ error: any Error) throws -> String {
        if let refused = error as? Refused { return refused.reason }
        // What opening says when it is a link, a socket, a device, or gone.
        if let error = error as? KernelError, error.operation.hasPrefix("open "),
            [ELOOP, ENXIO, EXDEV, ENOENT].contains(error.errno)
        {
            return describe(errno: error.errno)
        }
        throw error
    }

    /// Relative paths of everything that is not a directory, in a stable order.
    private func listing(of root: Int32, refused: inout [String]) throws -> [String] {
        var paths: [String] = [], entries = 0
        var pending: [(path: String, depth: Int)] = [("", 0)]
        while let (path, depth) = pending.popLast() {
            for (name, kind) in try children(of: path, in: root, limit: Harvest.maxEntries - entries) {
                entries += 1
                guard let name else {
                    refused.append("a file in '\(printable(path.isEmpty ? "." : path))' whose name is not UTF-8")
                    continue
                }
                let child = path.isEmpty ? name : "\(path)/\(name)"
                if kind != .directory {
                    paths.append(child)
                } else if depth + 1 < Harvest.maxDepth {
                    pending.append((child, depth + 1))
                }
            }
        }
        if entries >= Harvest.maxEntries {
            refused.append("the work directory has more than \(Harvest.maxEntries) entries; the rest was not looked at")
        }
        return paths.sorted()
    }

    /// Names, nil for one that is not UTF-8, with what they are; nothing for what cannot be opened as a directory.
    private func children(of path: String, in root: Int32, limit: Int) throws -> [(String?, FileStatus.Kind)] {
        let directory: OwnedFD
        do { directory = try FileSystem.openBeneath(root, path.isEmpty ? "." : path, [.read, .directory]) } catch {
            return []
        }
        let parent = directory.raw
        return try FileSystem.names(in: parent, limit: limit).compactMap { bytes in
            guard let name = String(validating: bytes, as: UTF8.self) else { return (nil, .unknown) }
            guard let status = try? FileStatus(path: name, at: parent, following: false) else { return nil }
            return (name, status.kind)
        }
    }
}

extension Harvest {
    /// Copies under a temporary name and renames, so that a reader sees the whole result or none; hashes on the way.
    private func copy(_ file: Int32, _ status: FileStatus, as path: String, into directory: Int32?) throws
        -> HarvestedFile
    {
        guard let directory else {
            return HarvestedFile(
                path: path, size: status.size, sha256: try digest(of: file, size: status.size, copyingTo: nil))
        }
        do {
            try makeParents(of: path, in: directory)
            let sha256 = try publish(file, status, as: path, in: directory)
            return HarvestedFile(path: path, size: status.size, sha256: sha256)
        } catch {
            throw RunRefused("result '\(printable(path))' cannot be written to the output directory: \(error)")
        }
    }

    private func publish(_ file: Int32, _ status: FileStatus, as path: String, in directory: Int32) throws -> String {
        let temporary = ".jrun-\(RunID())"
        var published = false
        let target = try FileSystem.openBeneath(directory, temporary, [.write, .create, .exclusive], mode: 0o600)
        defer { if !published { try? FileSystem.removeFile(temporary, at: directory) } }
        let sha256 = try digest(of: file, size: status.size, copyingTo: target.raw)
        try FileSystem.changeMode(target.raw, to: status.mode & 0o100 != 0 ? 0o755 : 0o644)
        let owner = try FileStatus(of: directory).owner
        try FileSystem.changeOwner(target.raw, to: owner.uid, group: owner.gid)
        let slash = path.lastIndex(of: "/")
        let parent = try FileSystem.openBeneath(
            directory, slash.map { String(path[..<$0]) } ?? ".", [.read, .directory])
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        try FileSystem.rename(temporary, to: name, from: directory, at: parent.raw)
        published = true
        return sha256
    }

    /// Holes are kept: a sparse file costs what it holds.
    private func digest(of file: Int32, size: Int64, copyingTo target: Int32?) throws -> String {
        var hash = SHA256(), at: Int64 = 0
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        if let target { try FileSystem.truncate(target, to: size) }
        while at < size {
            let data = min(size, FileSystem.nextData(in: file, from: at) ?? size)
            while at < data {
                let n = Int(min(data - at, Int64(zeros.count)))
                hash.update(data: zeros[..<n])
                at += Int64(n)
            }
            let hole = min(size, FileSystem.nextHole(in: file, from: at) ?? size)
            while at < hole {
                let chunk = try FileSystem.read(file, from: at, upTo: Int(min(hole - at, 1 << 20)))
                if chunk.isEmpty { return hex(hash.finalize()) }
                hash.update(data: chunk)
                if let target { try FileSystem.write(chunk, to: target, at: at) }
                at += Int64(chunk.count)
            }
        }
        return hex(hash.finalize())
    }

    private func makeParents(of path: String, in directory: Int32) throws {
        let components = path.split(separator: "/").dropLast()
        for index in components.indices {
            let parent = components[...index].joined(separator: "/")
            try FileSystem.makeDirectory(parent, mode: 0o755, at: directory, orFindIt: true)
        }
    }
}

/// A hostile name made harmless for a terminal or a report.
func printable(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? "?" : Character($0) })
}
