/// Takes the JSON of a system call filter apart; stops at the first thing that is wrong.
struct SeccompFileReader {
    struct Refusal: Error {
        var path: JSONPath
        var message: String
    }

    let machine: SeccompFile.Machine

    private static let keys = [
        "defaultAction", "defaultErrnoRet", "architectures", "archMap", "flags", "listenerPath", "listenerMetadata",
        "syscalls",
    ]
    private static let entryKeys = ["names", "action", "errnoRet", "args", "includes", "excludes", "comment"]

    func file(_ root: JSONValue) throws(Refusal) -> SeccompFile {
        let top = JSONPath()
        try members(root, top, Self.keys)
        try refuseWhatIsOurs(root, top)
        try checkArchitecture(root, top)
        guard let action = root["defaultAction"] else {
            throw Refusal(top, "the required key 'defaultAction' is missing")
        }
        let answer = try self.answer(
            action, top.key("defaultAction"), errno: root["defaultErrnoRet"], top.key("defaultErrnoRet"))
        if answer == .allow || answer == .log {
            throw Refusal(
                top.key("defaultAction"),
                "every call that the file does not name would be allowed, also those of kernels to come; write SCMP_ACT_ERRNO and name what is allowed"
            )
        }
        var file = SeccompFile(defaultAnswer: answer, entries: [])
        var count = 0
        for (index, value) in try list(root["syscalls"], top.key("syscalls")).enumerated() {
            let path = top.key("syscalls").index(index)
            let (entry, holds) = try entry(value, path)
            count += entry.names.count
            guard count <= SeccompFile.maxNames else {
                throw Refusal(path, "more than \(SeccompFile.maxNames) names in all; name every call once")
            }
            if holds { file.entries.append(entry) }
        }
        try refuseContradictions(file.entries)
        return file
    }

    /// The listener is jrun-init, and the flags are jrun's own.
    private func refuseWhatIsOurs(_ root: JSONValue, _ top: JSONPath) throws(Refusal) {
        for key in ["listenerPath", "listenerMetadata"] where root[key] != nil && root[key] != .null {
            throw Refusal(top.key(key), "a filter of a run has no listener but jrun's own; leave the key out")
        }
        for (index, flag) in try list(root["flags"], top.key("flags")).enumerated() {
            let path = top.key("flags").index(index)
            // All threads at once: a program has one when its filter is loaded.
            guard try text(flag, path) == "SECCOMP_FILTER_FLAG_TSYNC" else {
                throw Refusal(path, "\(flag.kind) is not possible here; leave the flag out")
            }
        }
    }

    // MARK: Architectures

    /// Only this machine's own calls get through, whatever the file says of other architectures.
    private func checkArchitecture(_ root: JSONValue, _ top: JSONPath) throws(Refusal) {
        let own = machine.architecture == .amd64 ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64"
        var named: [String] = []
        if let value = root["architectures"], value != .null {
            named = try texts(value, top.key("architectures"))
        }
        if let value = root["archMap"], value != .null {
            guard named.isEmpty else {
                throw Refusal(top.key("archMap"), "stands beside 'architectures'; keep one of the two")
            }
            for (index, item) in try list(value, top.key("archMap")).enumerated() {
                let path = top.key("archMap").index(index)
                try members(item, path, ["architecture", "subArchitectures"])
                _ = try texts(item["subArchitectures"] ?? .null, path.key("subArchitectures"))
                named.append(try text(item["architecture"] ?? .null, path.key("architecture")))
            }
        }
        if !named.isEmpty && !named.contains(own) {
            throw Refusal(top, "the file is not for this machine; add \(own) to its architectures")
        }
    }

    // MARK: Entries

    private func entry(_ value: JSONValue, _ path: JSONPath) throws(Refusal) -> (SeccompFile.Entry, holds: Bool) {
        try members(value, path, Self.entryKeys)
        guard let names = value["names"], let action = value["action"] else {
            throw Refusal(path, "the required key '\(value["names"] == nil ? "names" : "action")' is missing")
        }
        if let comment = value["comment"] { _ = try text(comment, path.key("comment")) }
        let entry = SeccompFile.Entry(
            place: path.description, names: try callNames(names, path.key("names")),
            answer: try answer(action, path.key("action"), errno: value["errnoRet"], path.key("errnoRet")),
            comparisons: try comparisons(value["args"], path.key("args")))
        // Both are read, so that a mistake in either is told.
        let isIncluded = try condition(value["includes"], path.key("includes"), including: true)
        let isExcluded = try condition(value["excludes"], path.key("excludes"), including: false)
        return (entry, isIncluded && !isExcluded)
    }

    private func callNames(_ value: JSONValue, _ path: JSONPath) throws(Refusal) -> [String] {
        let names = try texts(value, path)
        if names.isEmpty { throw Refusal(path, "names no system call") }
        for (index, name) in names.enumerated() {
            let isName = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
            guard isName, !name.isEmpty, name.utf8.count <= 64 else {
                throw Refusal(path.index(index), "\(quoted(name)) is not the name of a system call")
            }
        }
        return names
    }

    private func answer(
        _ action: JSONValue, _ path: JSONPath, errno: JSONValue?, _ errnoPath: JSONPath
    ) throws(Refusal) -> SeccompFile.Answer {
        let name = try text(action, path)
        let number = errno == nil || errno == .null ? nil : try self.number(errno!, errnoPath, 0...4095)
        if number != nil && name != "SCMP_ACT_ERRNO" {
            throw Refusal(errnoPath, "means nothing beside \(quoted(name)); leave it out, or write SCMP_ACT_ERRNO")
        }
        switch name {
        case "SCMP_ACT_ALLOW": return .allow
        case "SCMP_ACT_LOG": return .log
        // EPERM where the file does not say. Source: OCI runtime specification.
        case "SCMP_ACT_ERRNO": return .error(Int32(number ?? 1))
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS": return .kill
        case "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRAP":
            throw Refusal(
                path,
                "\(name) hands the call to somebody whom a run does not have; write SCMP_ACT_ERRNO, or SCMP_ACT_KILL_PROCESS to end the run"
            )
        default:
            let known = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS"]
            throw Refusal(path, "\(quoted(name)) is not possible here; allowed: \(known.joined(separator: ", "))")
        }
    }

    // MARK: Arguments

    private func comparisons(_ value: JSONValue?, _ path: JSONPath) throws(Refusal) -> [SeccompFile.Comparison] {
        var comparisons: [SeccompFile.Comparison] = []
        for (index, item) in try list(value, path).enumerated() {
            let path = path.index(index)
            try members(item, path, ["index", "value", "valueTwo", "op"])
            for key in ["index", "value", "op"] where item[key] == nil {
                throw Refusal(path, "the required key '\(key)' is missing")
            }
            let argument = try number(item["index"]!, path.key("index"), 0...5)
            let name = try text(item["op"]!, path.key("op"))
            guard let operation = SeccompFile.Comparison.Operation(rawValue: name) else {
                let known = SeccompFile.Comparison.Operation.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(path.key("op"), "\(quoted(name)) is not possible here; allowed: \(known)")
            }
            let second = try item["valueTwo"].map { value throws(Refusal) in
                try number(value, path.key("valueTwo"), 0...UInt64.max)
            }
            if operation != .maskedEqual && second ?? 0 != 0 {
                throw Refusal(path.key("valueTwo"), "means nothing with \(name); leave it out")
            }
            // One rule of the kernel's filter holds one test of each argument; runtimes that take such entries apart
            // allow what fulfils either.
            if comparisons.contains(where: { $0.argument == argument }) {
                throw Refusal(
                    path, "argument \(argument) is compared twice; write an entry for each, of which one is enough")
            }
            comparisons.append(
                .init(
                    argument: UInt32(argument), operation: operation,
                    value: try number(item["value"]!, path.key("value"), 0...UInt64.max), valueTwo: second ?? 0))
        }
        return comparisons
    }

    /// Two entries that answer the same call differently: which one wins is nowhere said.
    private func refuseContradictions(_ entries: [SeccompFile.Entry]) throws(Refusal) {
        var first: [String: SeccompFile.Entry] = [:]
        for entry in entries {
            for name in entry.names {
                guard let other = first.updateValue(entry, forKey: name), other.answer != entry.answer else { continue }
                throw Refusal(
                    JSONPath(entry.place), "'\(name)' has another action in \(other.place); give a call one action")
            }
        }
    }
}

extension SeccompFileReader.Refusal {
    init(_ path: JSONPath, _ message: String) { self.init(path: path, message: message) }
}
