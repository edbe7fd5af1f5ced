/// A program together with what it was made from.
public struct ProgramSource: Sendable {
    /// Of an abstract program not to be used: what its file leaves out is filled with anything.
    public var program: Program
    /// Only there to be extended; cannot be run.
    public var isAbstract: Bool
    /// The program's own file, the one that it extends, the one that this extends, and so on.
    public var files: [ProgramSourceFile]
    /// The merged tree.
    let root: YAMLNode
}

/// One of the files that a program was made from.
public struct ProgramSourceFile: Sendable, Equatable {
    /// As it was named when it was read.
    public var path: String
    public var bytes: [UInt8]

    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// The answer of whoever finds program files by the names of their programs.
public enum FoundProgramFile: Sendable {
    case file(ProgramSourceFile)
    /// There is none; these are known.
    case unknown(known: [String])
    /// There is one, but it cannot be read: a reason that names it.
    case unreadable(String)
    /// Nobody can be asked.
    case notHere
}

extension ProgramSource {
    /// Where each value stands, by its path: `limits.wall`, `environment.accept[1]`, `inputs[0].one_of[2].path`,
    /// `arguments[3]`, `arguments[2].arguments[0].value`.
    ///
    /// Numbers count from 0 in the program as it is after all files were merged: `arguments[3]` is
    /// `program.arguments.items[3]`, also where the file has `{rules: …}` or a choice of commands. The place is that of
    /// the key, and in a list that of the item. A path that is not here has its default. Made anew by every call.
    public var origins: [String: Origin] {
        var marks: [(path: String, mark: Mark)] = []
        collect(root, "", isArguments: false, &marks)
        let origins = marks.map { path, mark in
            (path, Origin(file: files[mark.file].path, line: mark.line, column: mark.column))
        }
        return Dictionary(origins) { first, _ in first }
    }

    /// The program with the name of its system call filter's file as seen from the current directory: the name is
    /// written beside whichever file says it.
    public var programWithFiles: Program {
        guard case .file(let name) = program.security.seccomp, !name.hasPrefix("/"),
            let origin = origins["security.seccomp"], let slash = origin.file.lastIndex(of: "/")
        else { return program }
        var program = program
        program.security.seccomp = .file(origin.file[...slash] + name)
        return program
    }

    private func collect(
        _ node: YAMLNode, _ path: String, isArguments: Bool, _ marks: inout [(path: String, mark: Mark)]
    ) {
        switch node.content {
        case .scalar: break
        case .sequence(let items):
            for (index, item) in (isArguments ? items.flatMap(\.choiceOfCommands) : items).enumerated() {
                marks.append(("\(path)[\(index)]", item.mark))
                collect(item, "\(path)[\(index)]", isArguments: false, &marks)
            }
        case .mapping(let entries):
            for entry in entries {
                if isArguments, entry.key == "rules" {
                    collect(entry.value, path, isArguments: true, &marks)
                    continue
                }
                let inner = path.isEmpty ? entry.key : "\(path).\(entry.key)"
                marks.append((inner, entry.keyMark))
                collect(entry.value, inner, isArguments: entry.key == "arguments", &marks)
            }
        }
    }
}

extension YAMLNode {
    /// The commands of a `one_of` that holds nothing else, which means the same as the commands alone; otherwise the
    /// node itself.
    var choiceOfCommands: [YAMLNode] {
        guard case .sequence(let items) = self["one_of"]?.content, !items.isEmpty,
            items.allSatisfy({ $0.entry("command") != nil })
        else { return [self] }
        return items
    }
}
