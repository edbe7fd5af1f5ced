import Images
import Kernel
import Programs
import Runs

extension HostSource {
    /// Copies the executables with all that they need.
    func fill(_ staging: Staging, scratch: String) throws -> ImageManifest.Source {
        staging.beginLayer()
        let tree = try HostTree(staging)
        for path in executables { try add(executable: path, to: tree, depth: 0) }
        for path in data { try tree.add(path, whole: true) }
        if !trial.isEmpty {
            for path in try Trial(arguments: trial, scratch: scratch).openedFiles() { try tree.addPublic(path) }
        }
        var source = ImageManifest.Source(from: "host")
        source.hostFiles = tree.taken.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return source
    }

    private func add(executable path: String, to tree: HostTree, depth: Int) throws {
        guard depth < 5 else { throw ImageError("\(quoted(path)): interpreters call each other in a circle") }
        try tree.add(path, whole: false)
        let file = try FileSystem.open(path, .read)
        let head = try FileSystem.read(file.raw, from: 0, upTo: 256)
        if head.starts(with: "#!".utf8) {
            for interpreter in try interpreters(head, of: path) {
                try add(executable: interpreter, to: tree, depth: depth + 1)
            }
            return
        }
        let closure: LibraryClosure
        do { closure = try LibraryClosure(of: path) } catch { throw ImageError("executable \(error)") }
        if let loader = closure.interpreter { try tree.add(loader, whole: false) }
        for library in closure.libraries {
            guard let file = library.path else {
                throw ImageError(
                    "\(quoted(path)) needs the library \(quoted(library.name)) (for \(quoted(library.neededBy))), which this node has not; install it"
                )
            }
            try tree.add(file, whole: false)
        }
    }

    /// The interpreter of a script; of `env`, also what it starts. Source: execve(2), "Interpreter scripts".
    private func interpreters(_ head: [UInt8], of path: String) throws -> [String] {
        let line = String(decoding: head.dropFirst(2).prefix { $0 != 0x0A }, as: UTF8.self)
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard let first = words.first, first.hasPrefix("/") else {
            throw ImageError("\(quoted(path)): the line with '#!' names no interpreter")
        }
        guard first.hasSuffix("/env"), let name = words.dropFirst().first(where: { !$0.hasPrefix("-") }) else {
            return [first]
        }
        let places = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].map { "\($0)/\(name)" }
        guard let found = places.first(where: FileSystem.isExecutable) else {
            throw ImageError("\(quoted(path)) is run by \(quoted(name)), which this node has not; install it")
        }
        return [first, found]
    }
}
