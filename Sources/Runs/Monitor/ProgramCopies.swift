import CLinux
import Kernel
import Programs
import Synchronization

/// `program.yaml` of the runs: one file for all runs of a version of a program, with a name in the directory of each. A run's
/// own file would cost every run an inode, and the text of the program anew.
final class ProgramCopies: Sendable {
    private struct Copy {
        var text: [UInt8]
        /// Nil where none can be kept.
        var path: String?
    }

    private struct State {
        var isPrepared = false
        var copies: [String: Copy] = [:]
    }

    private let directory: String
    private let state = Mutex(State())

    /// More versions than a node has at a time; an older one is written again.
    private static let most = 256

    init(in cacheDirectory: String) { directory = "\(cacheDirectory)/programs" }

    /// - Parameter digest: stands for the program.
    /// - Returns: how many bytes the file has.
    func put(_ program: Program, _ digest: String, as name: String, at run: Int32) throws(KernelError) -> Int {
        let copy = state.withLock { self.entry(for: program, digest, &$0) }
        if let path = copy.path, sys_linkat(FileSystem.here, path, run, name, 0) == 0 { return copy.text.count }
        // It has as many names as a file can have, or somebody has cleaned up: the next run begins another.
        if copy.path != nil { state.withLock { $0.copies[digest] = nil } }
        try FileSystem.createFile(name, copy.text, at: run)
        return copy.text.count
    }

    private func entry(for program: Program, _ digest: String, _ state: inout State) -> Copy {
        if let known = state.copies[digest] { return known }
        if !state.isPrepared || state.copies.count >= ProgramCopies.most {
            prepare()
            state = State(isPrepared: true)
        }
        var copy = Copy(text: Array(program.yaml().utf8), path: "\(directory)/\(digest).yaml")
        // What is there already may be half a file, of a jrund that was killed.
        do { try replace(copy.path!, by: copy.text) } catch { copy.path = nil }
        state.copies[digest] = copy
        return copy
    }

    /// Runs have names of their own for what they need of an earlier jrund's.
    private func prepare() {
        try? FileSystem.makeDirectories(directory, mode: 0o700)
        guard let opened = try? FileSystem.open(directory, [.read, .directory]) else { return }
        try? FileSystem.removeContents(of: opened.raw)
    }

    private func replace(_ path: String, by text: [UInt8]) throws(KernelError) {
        // Never written in place: the old file may be some run's.
        try? FileSystem.removeFile(path)
        try FileSystem.createFile(path, text)
    }
}
