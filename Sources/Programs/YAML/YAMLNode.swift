/// A place in a file, counted from 1; columns count characters, not bytes.
public struct Mark: Sendable, Equatable, Comparable {
    public var line: Int
    public var column: Int
    /// Which of the files that a program is made of: 0 is its own, 1 the one that it extends, and so on.
    public var file = 0

    public static func < (a: Mark, b: Mark) -> Bool { (a.file, a.line, a.column) < (b.file, b.line, b.column) }
}

/// One node of a YAML document with the place where it starts.
public struct YAMLNode: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public var key: String
        public var keyMark: Mark
        public var value: YAMLNode
    }

    public indirect enum Content: Sendable, Equatable {
        /// In the order of the file; every key once.
        case mapping([Entry])
        case sequence([YAMLNode])
        /// `isPlain`: written without quotes, so `true`, `~` or nothing at all may have a meaning.
        case scalar(String, isPlain: Bool)
    }

    public var mark: Mark
    public var content: Content
    /// Of a mapping: written in braces.
    public var isFlow = false

    /// What the author wrote, for error messages.
    var kind: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar("", isPlain: true): "nothing"
        case .scalar(let text, _): quoted(text)
        }
    }

    /// `key:` with nothing behind it.
    var isAbsent: Bool { content == .scalar("", isPlain: true) }

    /// The entry of a mapping, or `nil`, also of what is no mapping.
    func entry(_ key: String) -> Entry? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }
    }

    subscript(key: String) -> YAMLNode? { entry(key)?.value }
}
