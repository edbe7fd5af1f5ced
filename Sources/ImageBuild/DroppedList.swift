import Images

/// What of a source is left out of its image, one by one up to a bound: a tree can hold more of it than anybody wants to read.
struct DroppedList {
    /// In the order in which they came.
    private(set) var items: [ImageManifest.Dropped] = []
    /// How many came when there was no room any more.
    private(set) var more = 0
    private var bytes = 0

    static let most = 10_000
    static let mostBytes = 1 << 20

    mutating func add(_ path: String, _ what: String) {
        let size = path.utf8.count + what.utf8.count
        guard more == 0, items.count < Self.most, size <= Self.mostBytes - bytes else {
            more += 1
            return
        }
        bytes += size
        items.append(.init(path: path, what: what))
    }
}
