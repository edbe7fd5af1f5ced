import Kernel

/// An executable's dynamic libraries, and those that these need, found as the loader finds them. Source: ld.so(8).
///
/// LD_LIBRARY_PATH and preloading are left out: a run's environment is its program file's. The loader's cache is left out
/// too; the directories that Debian's holds are looked through instead.
public struct LibraryClosure: Sendable, Equatable {
    public struct Library: Sendable, Equatable {
        public var name: String
        /// Nil when it is in none of the directories.
        public var path: String?
        /// Who asked for it first.
        public var neededBy: String
    }

    /// Nil for a static executable.
    public var interpreter: String?
    /// Each name once, nearest first.
    public var libraries: [Library] = []

    /// More are an error.
    static let maxLibraries = 2000

    /// Where the loader looks on Debian when nothing else is said.
    public static let standardDirectories = [
        "/usr/local/lib/\(multiarch)", "/usr/local/lib", "/lib/\(multiarch)", "/usr/lib/\(multiarch)", "/lib64",
        "/usr/lib64", "/lib", "/usr/lib",
    ]

    #if arch(x86_64)
    private static let multiarch = "x86_64-linux-gnu"
    #else
    private static let multiarch = "aarch64-linux-gnu"
    #endif

    /// - Parameter standard: where every object's libraries are looked for last.
    public init(of executable: String, standard: [String] = standardDirectories) throws(ELFError) {
        let root = try ELFFile(path: executable)
        interpreter = root.interpreter
        var pending = [Object(file: root, path: executable, inherited: [])]
        var next = 0
        while next < pending.count {
            let object = pending[next]
            next += 1
            for name in object.file.needed where !libraries.contains(where: { $0.name == name }) {
                guard libraries.count < Self.maxLibraries else {
                    throw ELFError(description: "'\(executable)' needs more than \(Self.maxLibraries) libraries")
                }
                let found = object.find(name, machine: root.machine, standard: standard)
                libraries.append(Library(name: name, path: found?.path, neededBy: object.path))
                if let found { pending.append(found) }
            }
        }
    }
}

/// An object that is loaded, and the RPATH directories of those that asked for it.
private struct Object {
    var file: ELFFile
    var path: String
    var inherited: [String]

    func find(_ name: String, machine: UInt16, standard: [String]) -> Object? {
        let passedOn = (file.runpath.isEmpty ? file.rpath.map(expanded) : []) + inherited
        if name.contains("/") { return Object(named: expanded(name), machine, passedOn) }
        // RPATH counts only without a RUNPATH; RUNPATH is not passed on.
        let own = file.runpath.isEmpty ? passedOn : file.runpath.map(expanded)
        for directory in own + standard where directory.hasPrefix("/") {
            if let object = Object(named: "\(directory)/\(name)", machine, passedOn) { return object }
        }
        return nil
    }

    /// Nil when it is not there, or for another machine: the loader then looks further.
    private init?(named path: String, _ machine: UInt16, _ inherited: [String]) {
        guard let file = try? ELFFile(path: path), file.machine == machine else { return nil }
        self.init(file: file, path: path, inherited: inherited)
    }

    init(file: ELFFile, path: String, inherited: [String]) {
        self.file = file
        self.path = path
        self.inherited = inherited
    }

    private func expanded(_ path: String) -> String {
        let origin = self.path.lastIndex(of: "/").map { String(self.path[..<$0]) } ?? "."
        let parts = path.split(separator: "$", omittingEmptySubsequences: false)
        var result = String(parts.first ?? "")
        for part in parts.dropFirst() {
            if part.hasPrefix("ORIGIN") {
                result += origin + part.dropFirst(6)
            } else if part.hasPrefix("{ORIGIN}") {
                result += origin + part.dropFirst(8)
            } else {
                result += "$" + part
            }
        }
        return result
    }
}

extension LibraryClosure {
    /// Files that a run needs beside /usr: the loader and the libraries, each with who asked for it.
    public var filesOutsideUsr: [(path: String, neededBy: String)] {
        var files = libraries.compactMap { library in library.path.map { ($0, library.neededBy) } }
        if let interpreter { files.insert((interpreter, "the kernel"), at: 0) }
        return files.flatMap { path, neededBy in
            // A link leads elsewhere, and the run needs both ends.
            Array(Set([withoutDots(path), resolved(path)])).sorted().filter { !isAlwaysVisible($0) }.map {
                ($0, neededBy)
            }
        }
    }
}

/// The path without `.` and `..`, by its letters alone: in a run's view, the directories above a shown one are no links.
private func withoutDots(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
        if part == ".." { parts = parts.dropLast() } else { parts.append(part) }
    }
    return parts.reduce("") { "\($0)/\($1)" }
}

/// Whether every run sees the path: /usr, and the links in / that lead there.
public func isAlwaysVisible(_ path: String) -> Bool {
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"].contains { path == $0 || path.hasPrefix($0 + "/") }
}

/// Where a path leads in the end; the path itself when that cannot be found out.
public func resolved(_ path: String) -> String {
    guard let file = try? FileSystem.open(path, .pathOnly) else { return path }
    return readLink("/proc/self/fd/\(file.raw)") ?? path
}
