import Programs

/// The input files that a run has, and what the rules say of them together.
struct RunInputs {
    struct Input {
        var size: Int64
        /// Nil until somebody asks, for a file that an earlier jrund took in.
        var sha256: String?
    }

    private struct Tally {
        var count = 0
        var bytes: Int64 = 0
    }

    private(set) var files: [String: Input] = [:]
    private(set) var bytes: Int64 = 0
    /// What they cost on disk: a file or directory at least a block, so that empty ones are not free.
    private(set) var keptBytes: Int64 = 0
    /// Of each input rule, by its place in the program.
    private var tallies: [Int: Tally] = [:]
    /// How many files are inside of each directory.
    private var directories: [String: Int] = [:]

    subscript(name: String) -> Input? { files[name] }

    mutating func add(_ name: String, _ input: Input, _ program: Program) {
        remove(name, program)
        files[name] = input
        count(name, input, by: 1, program)
    }

    mutating func remove(_ name: String, _ program: Program) {
        guard let old = files.removeValue(forKey: name) else { return }
        count(name, old, by: -1, program)
    }

    private mutating func count(_ name: String, _ input: Input, by sign: Int, _ program: Program) {
        bytes += Int64(sign) * input.size
        keptBytes += Int64(sign) * RunInputs.cost(input.size)
        if let rule = program.inputBounds(of: name)?.rule {
            tallies[rule, default: .init()].count += sign
            tallies[rule, default: .init()].bytes += Int64(sign) * input.size
        }
        for parent in parents(of: name) {
            let before = directories[parent, default: 0]
            directories[parent] = before + sign == 0 ? nil : before + sign
            if before == 0 || before + sign == 0 { keptBytes += Int64(sign) * RunInputs.blockBytes }
        }
    }

    private static let blockBytes: Int64 = 4096

    /// Of one file.
    static func cost(_ size: Int64) -> Int64 { max(size, blockBytes) }

    private func parents(of name: String) -> [String] {
        name.indices.filter { name[$0] == "/" }.map { String(name[..<$0]) }
    }

    mutating func learned(_ sha256: String, of name: String) { files[name]?.sha256 = sha256 }

    /// What the rules say of all files of one kind together, and of names that stand in each other's way.
    func refuseExcess(_ file: RunFile, _ program: Program) throws(MonitorRefusal) {
        func refusal(_ words: String) -> MonitorRefusal {
            MonitorRefusal(Violations([Violation(rule: "inputs", place: "input '\(file.path)'", message: words)]))
        }
        guard let bounds = program.inputBounds(of: file.path) else { throw refusal("no rule accepts it") }
        if let parent = parents(of: file.path).first(where: { files[$0] != nil }) {
            throw refusal("'\(parent)' is a file, so nothing can be inside it")
        }
        if directories[file.path, default: 0] > 0 {
            throw refusal("there are inputs inside of a directory of that name")
        }
        let tally = tallies[bounds.rule, default: .init()], previous = files[file.path]
        if tally.count + (previous == nil ? 1 : 0) > bounds.maxCount {
            throw refusal("one too many; at most \(bounds.maxCount) are accepted")
        }
        let total = tally.bytes + file.size - (previous?.size ?? 0)
        if let most = bounds.maxTotal, total > most {
            throw refusal("\(total) bytes altogether are too much; at most \(most) are accepted")
        }
    }
}
