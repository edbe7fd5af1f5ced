/// What one image has and the other has not.
public struct ListingDifference: Sendable, Equatable, Codable {
    /// A path that both have, and the words for what differs.
    public struct Change: Sendable, Equatable, Codable {
        public var path: String
        /// Of: type, mode, content, target.
        public var what: [String]
        /// In bytes, before and after.
        public var sizes: [Int64]
    }

    /// A path that only one has.
    public struct Only: Sendable, Equatable, Codable {
        public var path: String
        public var size: Int64
    }

    public var added: [Only] = []
    public var removed: [Only] = []
    public var changed: [Change] = []

    public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

    /// Both are sorted, so one walk through the two finds everything.
    public init(from old: ImageListing, to new: ImageListing) {
        var a = old.entries[...], b = new.entries[...]
        while let first = a.first ?? b.first {
            let isOld = a.first.map { old in b.first.map { precedes(old, $0) } ?? true } ?? false
            let isNew = b.first.map { new in a.first.map { precedes(new, $0) } ?? true } ?? false
            if isOld {
                removed.append(Only(path: first.path, size: first.size))
                a.removeFirst()
            } else if isNew, let only = b.popFirst() {
                added.append(Only(path: only.path, size: only.size))
            } else if let before = a.popFirst(), let after = b.popFirst() {
                if let change = Change(before, after) { changed.append(change) }
            }
        }
    }
}

extension ListingDifference.Change {
    init?(_ before: ListingEntry, _ after: ListingEntry) {
        guard before != after else { return nil }
        path = before.path
        sizes = [before.size, after.size]
        what = []
        if before.kind != after.kind { what.append("type") }
        if before.mode != after.mode { what.append("mode") }
        if before.kind == after.kind, before.sha256 != after.sha256 { what.append("content") }
        if before.kind == after.kind, before.kind == .link, before.target != after.target { what.append("target") }
    }
}

private func precedes(_ a: ListingEntry, _ b: ListingEntry) -> Bool {
    a.path.utf8.lexicographicallyPrecedes(b.path.utf8)
}
