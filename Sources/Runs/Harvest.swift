import CLinux
import Confinement
import Kernel
import Programs

/// One result, as the report names it.
public struct HarvestedFile: Sendable, Codable, Equatable {
    public var path: String
    /// Bytes.
    public var size: Int64
    /// SHA-256 in hexadecimal.
    public var sha256: String
    /// Set when the file was larger than its rule allows, and only its first `size` bytes were taken.
    public var truncated: Bool?
    /// Its whole size, bytes; with `truncated`.
    public var originalBytes: Int64?
}

/// Takes the results that the final state allows out of the work directory. The program is dead, but everything in
/// there is its making: nothing is followed, only regular files are opened, every count and every sum is bounded, and
/// whatever is wrong with one file is said of that file and ends nothing else.
struct Harvest {
    let program: Program
    let limits: Limits
    let state: RunState
    let cause: Cause
    /// Files that no result may replace: the inputs as the user has them.
    var reserved: Set<FileIdentity> = []
    /// Polled between pieces: a request to stop ends the harvest.
    let stopRequests: Int32
    /// Results get the owner of the directory that they go to; an ordinary user's stay the user's.
    var givesAway = true
    /// Nobody looks into the directory of the results before they are all there, and it is empty.
    var isPrivate = false
    let buffer = HarvestBuffer()
    private var seen: Set<UInt64> = []
    private var dataBytes: Int64 = 0
    private var apparentBytes: Int64 = 0

    struct Outcome {
        var files: [HarvestedFile] = []
        /// Files that a rule names and that were not taken, each with the reason.
        var refused: [String] = []
        /// How many they are; the first hundred are named.
        var refusals = 0
        /// Required results that are not there.
        var missing: [String] = []
        /// Something on our side, not the program's, kept a result from being written.
        var isIncomplete = false
    }

    /// Why one file is not taken.
    struct Refused: Error { var reason: String }

    /// Why no file can be taken any more, or this one for reasons of our own.
    struct NotWritten: Error { var reason: String }

    /// A tree of 5,000 levels ends here.
    static let maxDepth = maxResultDepth
    /// Refused files that the report names one by one.
    static let maxRefusals = 100
    /// Entries looked at in all.
    static let maxEntries = 100_000

    init(
        program: Program, limits: Limits, state: RunState, cause: Cause, reserved: Set<FileIdentity>,
        stopRequests: Int32
    ) {
        self.program = program
        self.limits = limits
        self.state = state
        self.cause = cause
        self.reserved = reserved
        self.stopRequests = stopRequests
    }

    /// - Parameter outputDirectory: an open directory, or nil to look but not copy.
    mutating func collect(from workspace: borrowing Workspace, into outputDirectory: Int32?) throws -> Outcome {
        let outputDirectory = try outputDirectory.map(results)
        var outcome = Outcome()
        var paths = try listing(of: workspace.root.raw, refused: &outcome.refused)
        let rules = program.results.filter { $0.applies(state: state, cause: cause) }
        let counts = take(&paths, by: rules, from: workspace, into: outputDirectory, &outcome)
        outcome.missing = zip(rules, counts).filter { $0.required && $1 == 0 }.map(\.0.path.source)
        if state == .complete, !outcome.missing.isEmpty {
            // For want of a result the run has failed after all, and a failed one may leave other files.
            let others = program.results.filter { $0.applies(state: .failed, cause: .result) }
            _ = take(&paths, by: others, from: workspace, into: outputDirectory, &outcome)
        }
        let unnamed = outcome.refusals - Harvest.maxRefusals
        if unnamed > 0 { outcome.refused.append("and about \(unnamed) more") }
        return outcome
    }

    private func results(in directory: Int32) throws -> ResultDirectory {
        try ResultDirectory(directory, givesAway: givesAway, isPrivate: isPrivate, reserved: reserved)
    }

    /// Takes what matches out of `paths`. Returns how many files each rule got.
    private mutating func take(
        _ paths: inout [String], by rules: [ResultRule], from workspace: borrowing Workspace,
        into outputDirectory: ResultDirectory?, _ outcome: inout Outcome
    ) -> [Int] {
        var counts = [Int](repeating: 0, count: rules.count)
        var others: [String] = []
        for path in paths {
            guard let index = rules.firstIndex(where: { $0.path.matches(path) }) else {
                others.append(path)
                continue
            }
            do {
                let taken = try take(
                    path, by: rules[index], count: counts[index], from: workspace, into: outputDirectory)
                guard let taken else { continue }
                counts[index] += 1
                outcome.files.append(taken)
            } catch {
                outcome.isIncomplete = outcome.isIncomplete || error is NotWritten
                outcome.refusals += 1
                if outcome.refused.count < Harvest.maxRefusals {
                    outcome.refused.append("'\(printable(path))': \(reason(error))")
                }
            }
        }
        paths = others
        return counts
    }

    /// Nil for an input that the program has not touched.
    private mutating func take(
        _ path: String, by rule: ResultRule, count: Int, from workspace: borrowing Workspace,
        into outputDirectory: ResultDirectory?
    ) throws -> HarvestedFile? {
        if let reason = checkFileName(path) { throw Refused(reason: "its name \(reason)") }
        let file = try FileSystem.openBeneath(workspace.root.raw, path, .read)
        let status = try FileStatus(of: file.raw)
        if workspace.isUntouchedInput(status) { return nil }
        let size = try sizeTaken(of: status, by: rule, count: count)
        try spend(status, size)
        return try copy(file.raw, status, size, as: path, into: outputDirectory)
    }

    /// Every regular file that the program left, untouched inputs too; what cannot be taken is left out.
    mutating func copyEverything(from workspace: borrowing Workspace, into directory: Int32) throws {
        var refused: [String] = []
        (seen, dataBytes, apparentBytes, reserved) = ([], 0, 0, [])
        let directory = try results(in: directory)
        for path in try listing(of: workspace.root.raw, refused: &refused) where checkFileName(path) == nil {
            guard let file = try? FileSystem.openBeneath(workspace.root.raw, path, .read),
                let status = try? FileStatus(of: file.raw), status.kind == .file
            else { continue }
            do { try spend(status, status.size) } catch { continue }
            _ = try copy(file.raw, status, status.size, as: path, into: directory)
        }
    }

    /// How many of the file's bytes are taken.
    private func sizeTaken(of status: FileStatus, by rule: ResultRule, count: Int) throws -> Int64 {
        let limit = rule.maxSize ?? limits[.disk]
        if status.kind != .file { throw Refused(reason: "it is a \(status.kind.rawValue), not a regular file") }
        if status.size > limit && rule.excess == .refuse {
            throw Refused(reason: "\(formatBytes(status.size)) is more than \(formatBytes(limit))")
        }
        if count >= rule.maxCount { throw Refused(reason: "there are more than \(rule.maxCount)") }
        return min(status.size, limit)
    }

    /// One file under many names, and holes, cost nothing inside and everything outside; so both are counted.
    private mutating func spend(_ status: FileStatus, _ size: Int64) throws {
        if status.links > 1 && !seen.insert(status.inode).inserted {
            throw Refused(reason: "it is the same file as another result (a hard link)")
        }
        let apparentLimit = max(4 * min(limits[.disk], .max / 4), 1 << 30)
        // Of a file that is cut off, no more than what is taken: its last page may be half of that.
        let data = size < status.size ? min(status.allocatedBytes, size) : status.allocatedBytes
        guard dataBytes + data <= limits[.disk], size <= apparentLimit - apparentBytes else {
            throw Refused(reason: "the results together are larger than limit 'disk' allows")
        }
        dataBytes += data
        apparentBytes += size
    }

    private func reason(_ error: any Error) -> String {
        switch error {
        case let refused as Refused: refused.reason
        case let notWritten as NotWritten: notWritten.reason
        case let error as KernelError: describe(errno: error.errno)
        default: printable("\(error)")
        }
    }

    /// Relative paths of everything that is not a directory, in a stable order.
    private func listing(of root: Int32, refused: inout [String]) throws -> [String] {
        var paths: [String] = [], entries = 0, isTooDeep = false
        var pending: [(path: String, depth: Int)] = [("", 0)]
        while let (path, depth) = pending.popLast() {
            for (name, kind) in try children(of: path, in: root, limit: Harvest.maxEntries - entries) {
                entries += 1
                guard let name else {
                    if refused.count >= Harvest.maxRefusals { continue }
                    refused.append("a file in '\(printable(path.isEmpty ? "." : path))' whose name is not UTF-8")
                    continue
                }
                let child = path.isEmpty ? name : "\(path)/\(name)"
                if kind != .directory {
                    paths.append(child)
                } else if depth + 1 < Harvest.maxDepth {
                    pending.append((child, depth + 1))
                } else if !isTooDeep {
                    isTooDeep = true
                    refused.append("'\(printable(child))' and others: more than \(Harvest.maxDepth) directories deep")
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
        return try FileSystem.entries(in: parent, limit: limit).compactMap { entry in
            guard let name = String(validating: entry.name, as: UTF8.self) else { return (nil, .unknown) }
            if entry.kind != .unknown { return (name, entry.kind) }
            guard let status = try? FileStatus(path: name, at: parent, following: false) else { return nil }
            return (name, status.kind)
        }
    }
}
