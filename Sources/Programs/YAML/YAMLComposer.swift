import CYAML

/// Why composing stopped: the error itself is already among the findings.
private struct Stopped: Error {}

/// Turns a file's bytes into one tree of nodes, with libyaml as the scanner.
///
/// Only the plain part of YAML is accepted: anchors, aliases and tags are what lets a small file become a large one or
/// mean something else than it shows, so each is an error.
public struct YAMLComposer: ~Copyable {
    static let maxDepth = 32

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let findings: Findings
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: Int

    /// The document's root, or `nil` when the file cannot be read as one; reasons go to `findings`.
    ///
    /// - Parameter file: Its number, for the marks.
    public static func compose(_ bytes: [UInt8], findings: Findings, file: Int = 0) -> YAMLNode? {
        guard findings.budget.take(bytes: bytes.count) else {
            findings.add(
                Mark(line: 1, column: 1, file: file),
                file == 0 ? "the file is larger than 1 MiB" : "together with those that extend it larger than 1 MiB")
            return nil
        }
        if let mark = firstInvalidUTF8(in: bytes, file: file) {
            findings.add(mark, "not valid UTF-8")
            return nil
        }
        return bytes.withUnsafeBufferPointer { buffer in
            guard var composer = YAMLComposer(buffer, findings: findings, file: file) else { return nil }
            return try? composer.document()
        }
    }

    private init?(_ bytes: UnsafeBufferPointer<UInt8>, findings: Findings, file: Int) {
        parser = .allocate(capacity: 1)
        self.file = file
        self.findings = findings
        self.bytes = bytes
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            findings.add(Mark(line: 1, column: 1, file: file), "out of memory")
            return nil
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    // MARK: The document

    private mutating func document() throws -> YAMLNode {
        _ = try next()
        let start = try next()
        guard start.type == YAML_DOCUMENT_START_EVENT else {
            findings.add(Mark(line: 1, column: 1, file: file), "the file is empty")
            throw Stopped()
        }
        let root = try node(next(), depth: 1)
        _ = try next()
        let end = try next()
        guard end.type == YAML_STREAM_END_EVENT else {
            findings.add(end.mark, "a second document starts here; a program file holds one")
            throw Stopped()
        }
        return root
    }

    private mutating func node(_ event: Event, depth: Int) throws -> YAMLNode {
        guard findings.budget.takeNode() else { throw stop(event.mark, "more than \(Budget.maxNodes) values") }
        guard depth <= Self.maxDepth else { throw stop(event.mark, "nested deeper than \(Self.maxDepth)") }
        if event.hasAnchor { findings.add(event.mark, "anchors (&name) are not allowed") }
        if event.hasTag { findings.add(event.mark, "tags (!name) are not allowed") }
        switch event.type {
        case YAML_SCALAR_EVENT: return scalar(event)
        case YAML_SEQUENCE_START_EVENT: return try sequence(event, depth: depth)
        case YAML_MAPPING_START_EVENT: return try mapping(event, depth: depth)
        default:
            findings.add(event.mark, "aliases (*name) are not allowed")
            return YAMLNode(mark: event.mark, content: .scalar("*", isPlain: false))
        }
    }

    private func scalar(_ event: Event) -> YAMLNode {
        var text = event.text
        if text.utf8.contains(0) {
            findings.add(event.mark, "the character NUL is not allowed")
            text.unicodeScalars.removeAll { $0.value == 0 }
        }
        return YAMLNode(mark: event.mark, content: .scalar(text, isPlain: event.isPlain))
    }

    private mutating func sequence(_ start: Event, depth: Int) throws -> YAMLNode {
        var items: [YAMLNode] = []
        while true {
            let event = try next()
            if event.type == YAML_SEQUENCE_END_EVENT { break }
            items.append(try node(event, depth: depth + 1))
        }
        return YAMLNode(mark: start.mark, content: .sequence(items))
    }

    private mutating func mapping(_ start: Event, depth: Int) throws -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try next()
            if event.type == YAML_MAPPING_END_EVENT { break }
            let key = try node(event, depth: depth + 1)
            let value = try node(next(), depth: depth + 1)
            guard case .scalar(let name, _) = key.content else {
                findings.add(key.mark, "a key must be a text, not \(key.kind)")
                continue
            }
            if let line = lines[name] {
                findings.add(key.mark, "key \(quoted(name)) is given twice (first in line \(line))")
                continue
            }
            lines[name] = key.mark.line
            entries.append(YAMLNode.Entry(key: name, keyMark: key.mark, value: value))
        }
        return YAMLNode(mark: start.mark, content: .mapping(entries), isFlow: start.isFlow)
    }

    private func stop(_ mark: Mark, _ message: String) -> Stopped {
        findings.add(mark, message)
        return Stopped()
    }

    // MARK: libyaml

    private mutating func next() throws -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        return Event(event, file: file)
    }

    private func syntaxError() -> Stopped {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "not readable"
        if parser.pointee.error == YAML_READER_ERROR {
            return stop(mark(ofByte: parser.pointee.problem_offset, in: bytes, file: file), problem)
        }
        let context = parser.pointee.context.map { " " + String(cString: $0) } ?? ""
        return stop(Mark(parser.pointee.problem_mark, file: file), "not valid YAML: \(problem)\(context)")
    }
}

/// What the composer needs of a libyaml event, copied out of C's memory.
private struct Event {
    var type: yaml_event_type_t
    var mark: Mark
    var text = ""
    var isPlain = false
    var isFlow = false
    var hasAnchor = false
    var hasTag = false

    init(_ event: yaml_event_t, file: Int) {
        type = event.type
        mark = Mark(event.start_mark, file: file)
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            hasAnchor = scalar.anchor != nil
            hasTag = scalar.tag != nil
        case YAML_SEQUENCE_START_EVENT:
            hasAnchor = event.data.sequence_start.anchor != nil
            hasTag = event.data.sequence_start.tag != nil
        case YAML_MAPPING_START_EVENT:
            isFlow = event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
            hasAnchor = event.data.mapping_start.anchor != nil
            hasTag = event.data.mapping_start.tag != nil
        default: break
        }
    }
}

extension Mark {
    fileprivate init(_ mark: yaml_mark_t, file: Int) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1, file: file)
    }
}

/// The place of a byte, counting characters in its line.
private func mark(ofByte offset: Int, in bytes: UnsafeBufferPointer<UInt8>, file: Int) -> Mark {
    var mark = Mark(line: 1, column: 1, file: file)
    for byte in bytes.prefix(offset) {
        if byte == UInt8(ascii: "\n") {
            mark = Mark(line: mark.line + 1, column: 1, file: file)
        } else if byte & 0xC0 != 0x80 {
            mark.column += 1
        }
    }
    return mark
}

private func firstInvalidUTF8(in bytes: [UInt8], file: Int) -> Mark? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var mark = Mark(line: 1, column: 1, file: file)
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
        mark.column += 1
        if scalar == "\n" { mark = Mark(line: mark.line + 1, column: 1, file: file) }
    }
    return mark
}
