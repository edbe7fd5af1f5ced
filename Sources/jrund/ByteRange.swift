import ControlAPI

/// The part of a file that a request asks for. Source: RFC 9110, section 14.
enum ByteRange {
    /// - Returns: `nil` when the whole file is meant, also by a header that need not be understood.
    /// - Throws: `range` when nothing of the file is in the range.
    static func parse(_ header: String?, size: Int64) throws(Problem) -> Range<Int64>? {
        guard let header else { return nil }
        let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes", !parts[1].contains(",") else { return nil }
        let ends = parts[1].filter { $0 != " " }.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        let beyond = Problem(.range, "the file has \(size) bytes, the range '\(header.prefix(64))' is none of them")
        switch (wholeNumber(ends[0]), wholeNumber(ends[1])) {
        case (let first?, let last?):
            guard first <= last else { return nil }
            guard first < size else { throw beyond }
            // In this order: the last byte that can be written has no number behind it.
            return first..<(min(last, size - 1) + 1)
        case (let first?, nil):
            guard ends[1].isEmpty else { return nil }
            guard first < size else { throw beyond }
            return first..<size
        case (nil, let last?):
            guard ends[0].isEmpty else { return nil }
            guard last > 0, size > 0 else { throw beyond }
            return max(0, size - last)..<size
        case (nil, nil): return nil
        }
    }
}

/// `If-None-Match`: whether one of the entity tags, or `*`, is the file's. Source: RFC 9110, section 13.
func entityTags(_ header: String, match sha256: String) -> Bool {
    header.split(separator: ",").contains { tag in
        let tag = tag.filter { $0 != " " }
        return tag == "*" || tag == "\"\(sha256)\"" || tag == "W/\"\(sha256)\""
    }
}
