import Kernel
import Programs

/// The programs of a node as they were read last. What is broken keeps its last good version.
public struct ProgramCatalog: Sendable {
    /// One program: the file it came from, and the text that reads back to it.
    public struct Entry: Sendable {
        public var source: ProgramSource
        public var loaded: LoadedProgram
    }

    public private(set) var entries: [String: Entry] = [:]
    /// One sentence for each file that cannot be read, whether an older version is in force or not.
    public private(set) var problems: [String] = []

    /// - Parameters:
    ///   - directories: the first that has a name wins, also with a file that is broken: falling back to another
    ///     directory's program of that name would run something that the administrator has replaced.
    ///   - previous: keeps what this reading cannot replace.
    public init(directories: [String], keeping previous: ProgramCatalog? = nil) {
        let library = ProgramLibrary(directories: directories)
        var seen: Set<String> = []
        for directory in directories {
            let files: [String]
            do { files = try ProgramCatalog.files(in: directory) } catch {
                problems.append(
                    "directory of programs '\(directory)': \(describe(errno: error.errno)); \(Self.oldStays)")
                // Which names it would give is not known, so nothing from there counts as gone.
                for (name, entry) in previous?.entries ?? [:]
                where entry.loaded.path.hasPrefix("\(directory)/") && seen.insert(name).inserted {
                    entries[name] = entry
                }
                continue
            }
            for file in files.sorted() where file.hasSuffix(".yaml") {
                guard let name = ProgramLibrary.programName(ofFile: file) else {
                    // Editors leave hidden files behind; whoever wrote another one waits for a program.
                    if !file.hasPrefix(".") { problems.append(ProgramCatalog.misnamed(file, in: directory)) }
                    continue
                }
                guard seen.insert(name).inserted else { continue }
                read("\(directory)/\(file)", as: name, library, previous?.entries[name])
            }
        }
    }

    /// By name; abstract files are not there.
    public func program(_ name: String) -> Entry? { entries[name] }

    private mutating func read(_ path: String, as name: String, _ library: ProgramLibrary, _ previous: Entry?) {
        do {
            let source = try ProgramCatalog.source(path, library)
            // Abstract: only there to be extended.
            if !source.isAbstract { entries[name] = Entry(source: source, loaded: LoadedProgram(source, path: path)) }
        } catch {
            entries[name] = previous
            let consequence = previous == nil ? "there is no program '\(name)' until it is mended" : Self.oldStays
            problems.append("\(error); \(consequence)")
        }
    }

    private static let oldStays = "what was read before stays in force"

    private static func source(_ path: String, _ library: ProgramLibrary) throws(RunRefused) -> ProgramSource {
        do {
            let kind = try FileStatus(path: path).kind
            guard kind == .file else { throw RunRefused("program file '\(path)' is a \(kind.rawValue), not a file") }
            return try library.read(path, besideFirst: false)
        } catch let error as KernelError {
            throw RunRefused("program file '\(path)': \(describe(errno: error.errno))")
        } catch let errors as ProgramFileErrors {
            // One sentence for the log; `jrun program lint` says everything.
            let others = errors.errors.count - 1
            throw RunRefused(
                errors.errors[0].description + (others > 0 ? " (and \(others) more: jrun program lint)" : ""))
        } catch {
            throw RunRefused("\(error)")
        }
    }

    private static func misnamed(_ file: String, in directory: String) -> String {
        "program file '\(directory)/\(printable(file))': no program can be called so; "
            + "names have lower-case letters, digits, '.', '_' and '-', such as '\(ProgramDraft.possibleName(String(file.dropLast(5))))'"
    }

    /// Names of a directory's files; none when it is not there.
    private static func files(in directory: String) throws(KernelError) -> [String] {
        do { return try FileSystem.list(directory) } catch {
            if errnoName(error.errno) == "ENOENT" { return [] }
            throw error
        }
    }
}
