import Kernel
import Programs
import Runs

/// Where program files are looked for: `--programs`, the site's own, the shipped ones.
struct ProgramLibrary {
    let directories: [String]
    /// Those that somebody asked for by name, and wants to hear of when they are not there.
    private let named: [String]

    init(extra: [String], node: Node) {
        named = extra
        let shipped = executableDirectory.map { ["\($0)/../share/jrun/programs"] } ?? []
        directories = extra + ["/etc/jrun/programs"] + shipped + ["/usr/share/jrun/programs"]
    }

    /// Every name that can be run, each with the file that counts.
    func list() -> [(name: String, path: String)] {
        var found: [String: String] = [:]
        for directory in directories {
            guard let names = try? FileSystem.list(directory) else { continue }
            for name in names where name.hasSuffix(".yaml") {
                let stem = String(name.dropLast(5))
                if found[stem] == nil { found[stem] = "\(directory)/\(name)" }
            }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func load(_ name: String) throws -> LoadedProgram {
        for directory in named {
            if let error = FileSystem.reasonNotToList(directory) {
                throw RunRefused("--programs '\(directory)': \(error)")
            }
        }
        let known = list()
        // A path is taken as one, so that a program file can be tried where it is written.
        let path = name.contains("/") ? name : known.first { $0.name == name }?.path
        guard let path else {
            let names = known.map(\.name).joined(separator: ", ")
            throw RunRefused(
                "program '\(name)' is not known here; known: \(names.isEmpty ? "none" : names); --programs DIR looks in another directory"
            )
        }
        return try ProgramLibrary.read(path)
    }

    static func read(_ path: String) throws -> LoadedProgram {
        let bytes: [UInt8]
        do { bytes = try FileSystem.contents(of: path, limit: 1 << 20) } catch {
            throw RunRefused("program file '\(path)': \(describe(errno: error.errno))")
        }
        switch ProgramFile.parse(bytes, fileName: path) {
        case .success(let program): return LoadedProgram(program: program, path: path, bytes: bytes)
        case .failure(let errors): throw errors
        }
    }
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
