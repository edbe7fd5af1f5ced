import Kernel
import Programs

/// Where program files are looked for: where somebody asks for, the site's own, the shipped ones.
public struct ProgramLibrary: Sendable {
    public let directories: [String]
    /// Those that somebody asked for by name, and wants to hear of when they are not there.
    private let named: [String]

    /// - Parameters:
    ///   - extra: directories that somebody named with `--programs`; they come first.
    ///   - executableDirectory: where the running jrun or jrund lies; what `make install` puts beside it is found from there.
    ///   - user: the user's own directory of program files; whoever starts runs with the user's rights alone may say which.
    public init(extra: [String], user: String? = nil, executableDirectory: String?) {
        named = extra
        let shipped = executableDirectory.map { ["\($0)/../share/jrun/programs"] } ?? []
        directories =
            extra + (user.map { [$0] } ?? []) + ["/etc/jrun/programs"] + shipped + ["/usr/share/jrun/programs"]
    }

    /// These directories and no others, in this order.
    init(directories: [String]) {
        named = []
        self.directories = directories
    }

    /// Every name that has a program file, each with the file that counts.
    public func list() -> [(name: String, path: String)] { programFiles(in: directories) }

    private func programFiles(in directories: [String]) -> [(name: String, path: String)] {
        var found: [String: String] = [:]
        for directory in directories {
            guard let names = try? FileSystem.list(directory) else { continue }
            for name in names {
                guard let stem = ProgramLibrary.programName(ofFile: name) else { continue }
                if found[stem] == nil { found[stem] = "\(directory)/\(name)" }
            }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The name of the program that a file of such a directory describes, if it can be one: no program can be called
    /// otherwise, and such names do not belong on a terminal.
    static func programName(ofFile name: String) -> String? {
        guard name.hasSuffix(".yaml") else { return nil }
        let stem = String(name.dropLast(5))
        // Nearly always; what could be made of a text is a longer question.
        if reasonAgainstName(stem) == nil { return stem }
        return ProgramDraft.possibleName(stem) == stem ? stem : nil
    }

    /// The program of this name, or of this file when it is a path.
    public func load(_ name: String) throws -> LoadedProgram {
        let (source, path) = try self.source(name)
        if source.isAbstract {
            throw RunRefused(
                "program '\(source.program.name)' is abstract: only there to be extended, it cannot be run")
        }
        return LoadedProgram(source, path: path)
    }

    /// The same with the origins of its values; also of a program that is only there to be extended.
    public func source(_ name: String) throws -> (source: ProgramSource, path: String) {
        for directory in named {
            if let error = FileSystem.reasonNotToList(directory) {
                throw RunRefused("--programs '\(directory)': \(error)")
            }
        }
        // A path is taken as one, so that a program file can be tried where it is written.
        guard let path = name.contains("/") ? name : self.path(of: name) else {
            throw RunRefused("program '\(name)' is not known here\(cure(name, list().map(\.name)))")
        }
        return (try read(path, besideFirst: name.contains("/")), path)
    }

    /// The file that counts, if there is one: the same that `list` would name.
    private func path(of name: String) -> String? {
        guard ProgramLibrary.programName(ofFile: "\(name).yaml") != nil else { return nil }
        return directories.lazy.map { "\($0)/\(name).yaml" }.first {
            (try? FileStatus(path: $0, following: false)) != nil
        }
    }

    private func cure(_ name: String, _ known: [String]) -> String {
        if name.hasSuffix(".yaml") { return "; a program file is named by a path with a '/': './\(name)'" }
        let names = known.isEmpty ? "none" : known.joined(separator: ", ")
        let near = suggestion(for: name, among: known)
        return "\(near.isEmpty ? ";" : near) known: \(names); --programs DIR looks in another directory"
    }

    /// - Parameter besideFirst: What the file extends is looked for beside it before it is looked for elsewhere, so
    ///   that a family can be tried where it is written.
    public func read(_ path: String, besideFirst: Bool) throws -> ProgramSource {
        let bytes: [UInt8]
        do { bytes = try ProgramLibrary.bytes(of: path, mayWait: besideFirst) } catch {
            throw RunRefused("program file '\(path)': \(describe(errno: error.errno))")
        }
        let places = (besideFirst ? [directory(of: path)] : []) + directories
        return try ProgramFile.read(bytes, fileName: path) { find($0, in: places) }.get()
    }

    private func find(_ name: String, in places: [String]) -> FoundProgramFile {
        for path in places.map({ "\($0)/\(name).yaml" }) {
            do {
                return .file(ProgramSourceFile(path: path, bytes: try ProgramLibrary.bytes(of: path, mayWait: false)))
            } catch {
                if !["ENOENT", "ENOTDIR"].contains(errnoName(error.errno)) {
                    return .unreadable("program file '\(path)': \(describe(errno: error.errno))")
                }
            }
        }
        return .unknown(known: programFiles(in: places).map(\.name))
    }

    /// - Parameter mayWait: A pipe that somebody names may take its time; one that lies in a directory of program files
    ///   must not hold whoever looks there.
    private static func bytes(of path: String, mayWait: Bool) throws(KernelError) -> [UInt8] {
        let file = try FileSystem.open(path, mayWait ? .read : [.read, .nonBlocking])
        return try FileSystem.contents(of: file.raw, named: path, limit: 1 << 20)
    }
}

/// The directory that a file is in, as a path.
private func directory(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let directory = parts.joined(separator: "/")
    return directory.isEmpty ? (parts.isEmpty ? "." : "/") : directory
}

extension FileSystem {
    static func reasonNotToList(_ path: String) -> String? {
        do { _ = try open(path, [.read, .directory]) } catch { return describe(errno: error.errno) }
        return nil
    }

    /// Names in a directory, as text.
    static func list(_ path: String) throws(KernelError) -> [String] {
        let directory = try open(path, [.read, .directory])
        return try names(in: directory.raw).map { String(decoding: $0, as: UTF8.self) }
    }
}
