/// What a stream's mapping may hold beside a word.
private let streamKeys = ["stream", "file", "max_size", "excess"]

extension ProgramDecoder {
    func streamSource(_ node: YAMLNode) -> StreamSource? {
        switch node.content {
        case .scalar("ignore", _): return .ignore
        case .scalar("stream", _): return .stream
        case .mapping:
            guard let fields = Fields(node, what: "stdin", keys: streamKeys, findings: findings) else { return nil }
            guard let file = streamPlace(fields, "stdin") else { return nil }
            guard case .name(let name) = file else { return .stream }
            for key in ["max_size", "excess"] where fields.node(key) != nil {
                findings.add(
                    fields.keyMark(key),
                    "stdin: '\(key)' is for a stream; a file is bounded by 'max_size' of its rule in 'inputs'")
            }
            return .file(name)
        default: return unknownStream(node, "stdin", "ignore, stream, {file: NAME}, {stream: true, max_size: SIZE}")
        }
    }

    func streamSink(_ node: YAMLNode, _ what: String) -> StreamSink? {
        switch node.content {
        case .scalar("ignore", _): return .ignore
        case .scalar("stream", _): return .stream
        case .scalar("stdout", _) where what == "stderr": return .stdout
        case .mapping:
            guard let fields = Fields(node, what: what, keys: streamKeys, findings: findings) else { return nil }
            guard let file = streamPlace(fields, what) else { return nil }
            guard case .name(let name) = file else { return .stream }
            return .file(name)
        default:
            let words = "stream, ignore, {file: NAME}, {stream: true, max_size: SIZE}"
            return unknownStream(node, what, words + (what == "stderr" ? ", stdout" : ""))
        }
    }

    /// The cap that a stream's mapping sets; what else is wrong with the mapping, `streamSource` and `streamSink` say.
    func streamCap(_ node: YAMLNode, _ what: String) -> StreamCap? {
        guard case .mapping(let entries) = node.content else { return nil }
        func value(_ key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
        let excess = value("excess").flatMap { read.word($0, "\(what).excess", StreamCap.Excess.self) }
        guard let size = value("max_size") else {
            if let node = value("excess") {
                findings.add(node.mark, "\(what): 'excess' says what happens at 'max_size', which is missing")
            }
            return nil
        }
        return read.size(size, "\(what).max_size").map { StreamCap(maxSize: $0, excess: excess ?? .kill) }
    }

    func streamCaps(_ fields: Fields) -> StreamCaps {
        StreamCaps(
            stdin: fields.node("stdin").flatMap { streamCap($0, "stdin") },
            stdout: fields.node("stdout").flatMap { streamCap($0, "stdout") },
            stderr: fields.node("stderr").flatMap { streamCap($0, "stderr") })
    }

    private enum StreamPlace {
        case stream
        case name(String)
    }

    /// Exactly one of `stream: true` and `file: NAME`.
    private func streamPlace(_ fields: Fields, _ what: String) -> StreamPlace? {
        switch (fields.node("stream"), fields.node("file")) {
        case (nil, nil):
            findings.add(fields.mark, "\(what): either 'stream: true' or 'file: NAME' is needed")
            return nil
        case (_?, _?):
            findings.add(fields.keyMark("file"), "\(what): 'stream' and 'file' exclude each other")
            return nil
        case (let stream?, nil):
            guard let isStream = read.bool(stream, "\(what).stream") else { return nil }
            if !isStream { findings.add(stream.mark, "\(what): 'stream' can only be true; to close it, write ignore") }
            return .stream
        case (nil, let file?):
            return read.fileName(file, "\(what).file").map { .name($0) }
        }
    }

    private func unknownStream<Stream>(_ node: YAMLNode, _ what: String, _ allowed: String) -> Stream? {
        findings.add(node.mark, "\(what): \(node.kind) is not possible here; allowed: \(allowed)")
        return nil
    }
}
