import Kernel
import Programs
import Runs

/// What an executable needs of the node beside /usr: its libraries, or its interpreter.
struct DraftDependencies {
    private var notes: [String] = []
    private var execute: [ProgramDraft.Place] = []
    private var read: [ProgramDraft.Place] = []

    init(of path: String) throws {
        show(path, because: "the executable")
        if let interpreter = try Self.interpreter(of: path) {
            try addInterpreter(interpreter)
        } else {
            try addLibraries(of: path)
        }
    }

    private mutating func addInterpreter(_ interpreter: String) throws {
        notes.append("A script for \(interpreter).")
        show(interpreter, because: "the interpreter that the script names")
        if FileSystem.isExecutable(interpreter) {
            try addLibraries(of: resolved(interpreter))
        } else {
            notes.append("check: the interpreter '\(interpreter)' is not on this node.")
        }
    }

    func add(to draft: inout ProgramDraft) {
        draft.notes += notes
        draft.execute += execute
        draft.read += read
    }

    /// The program behind `#!`; nil when the file is no script.
    private static func interpreter(of path: String) throws -> String? {
        let file = try FileSystem.open(path, [.read, .nonBlocking])
        let head = try FileSystem.read(file.raw, upTo: 256)
        guard head.starts(with: Array("#!".utf8)) else { return nil }
        let line = String(decoding: head.dropFirst(2).prefix { $0 != 10 }, as: UTF8.self)
        guard let program = line.split(whereSeparator: { " \t".contains($0) }).first.map(String.init),
            program.hasPrefix("/")
        else {
            throw RunRefused("'\(path)': its first line names no interpreter")
        }
        return program
    }

    private mutating func addLibraries(of path: String) throws {
        let closure: LibraryClosure
        do { closure = try LibraryClosure(of: path) } catch { throw RunRefused("\(error)") }
        if closure.interpreter == nil, closure.libraries.isEmpty {
            notes.append("'\(path)' is static: it needs no libraries.")
            return
        }
        for library in closure.libraries where library.path == nil {
            notes.append("check: library '\(library.name)', which '\(library.neededBy)' needs, is not on this node.")
        }
        for file in closure.filesOutsideUsr {
            let directory = file.path.lastIndex(of: "/").map { String(file.path[..<$0]) } ?? ""
            let name = file.path.split(separator: "/").last ?? ""
            show(directory.isEmpty ? file.path : directory, because: "'\(name)' for '\(file.neededBy)'")
        }
    }

    /// Directories once; nothing that every run has, and no place of the run's own.
    private mutating func show(_ path: String, because reason: String) {
        let isShown = execute.contains { path == $0.path || path.hasPrefix($0.path + "/") }
        if isAlwaysVisible(path) || isShown { return }
        execute.append(ProgramDraft.Place(path: path, reason: reason))
    }
}
