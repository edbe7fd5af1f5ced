/// A value as it is going to be printed: the tree of a program file, without a place yet.
indirect enum PrintedNode {
    typealias Entry = (key: String, value: PrintedNode)

    /// What has no need of quotes: a number, a size, a word of the language.
    case word(String)
    case text(String)
    case list([PrintedNode])
    case mapping([Entry])
    /// A mapping whose keys each have their own origin or default, so each has its own line.
    case section([Entry])
    /// A list of rules, each of which begins a line.
    case rules([PrintedNode])

    static func texts(_ texts: [String]) -> PrintedNode { .list(texts.map { .text($0) }) }

    /// In one line, or `nil` where that is not wanted or takes more room: looking for a place that is too small costs no
    /// more than the place.
    ///
    /// - Parameter room: bytes.
    func flow(within room: Int) -> String? {
        switch self {
        case .word(let word): return word
        case .text(let text):
            if text.utf8.count > room { return nil }
            return yamlText(text, inFlow: true)
        case .section(let entries) where !entries.isEmpty: return nil
        case .rules(let items) where !items.isEmpty: return nil
        case .list(let items), .rules(let items):
            return flow(items, "[", "]", room) { item, room in item.flow(within: room) }
        case .mapping(let entries), .section(let entries):
            return flow(entries, "{", "}", room) { entry, room in
                let key = yamlText(entry.key, inFlow: true)
                return entry.value.flow(within: room - key.utf8.count - 2).map { "\(key): \($0)" }
            }
        }
    }

    private func flow<Item>(
        _ items: [Item], _ open: String, _ close: String, _ room: Int, _ text: (Item, Int) -> String?
    ) -> String? {
        var flow = open
        for (index, item) in items.enumerated() {
            if index > 0 { flow += ", " }
            guard flow.utf8.count < room, let next = text(item, room - flow.utf8.count) else { return nil }
            flow += next
        }
        return flow + close
    }
}

/// Lays a tree out in lines: what fits into one line stands in one.
struct YAMLLayout {
    struct Line {
        var text: String
        /// Where the value of this line comes from; `nil` where the line only opens what stands below it.
        var origin: Source?
    }

    enum Source {
        case file(Origin)
        case standard
    }

    static let width = 80

    private let origins: [String: Origin]
    private(set) var lines: [Line] = []

    /// - Parameter entries: those of the whole file.
    init(_ entries: [PrintedNode.Entry], origins: [String: Origin]) {
        self.origins = origins
        add(entries, at: "", indent: 0, isSection: true, inherited: .standard)
    }

    /// - Parameter inherited: what holds for an entry that the file does not write down by itself.
    private mutating func add(
        _ entries: [PrintedNode.Entry], at path: String, indent: Int, isSection: Bool, inherited: Source
    ) {
        for (key, value) in entries {
            // As `ProgramSource.origins` has it: the rules of a mapping are the items of the list.
            let isRules = key == "rules" && path.hasSuffix("arguments")
            let place = isRules ? path : path.isEmpty ? key : "\(path).\(key)"
            let source = source(of: place, else: isSection ? .standard : inherited)
            let start = String(repeating: " ", count: indent) + yamlText(key, inFlow: false) + ":"
            add(value, behind: start, at: place, indent: indent, source: source)
        }
    }

    private func source(of path: String, else inherited: Source) -> Source {
        origins[path].map { .file($0) } ?? inherited
    }

    private mutating func add(
        _ value: PrintedNode, behind start: String, at path: String, indent: Int, source: Source
    ) {
        switch value {
        case .word, .text: lines.append(Line(text: "\(start) \(value.blockScalar)", origin: source))
        case .list(let items), .rules(let items):
            if add(flow: value, behind: start, source: source) { return }
            lines.append(Line(text: start))
            for (index, item) in items.enumerated() { add(item: item, at: "\(path)[\(index)]", indent + 2, source) }
        case .mapping(let entries), .section(let entries):
            if add(flow: value, behind: start, source: source) { return }
            lines.append(Line(text: start))
            add(entries, at: path, indent: indent + 2, isSection: value.isSection, inherited: source)
        }
    }

    private mutating func add(item: PrintedNode, at path: String, _ indent: Int, _ inherited: Source) {
        let source = source(of: path, else: inherited)
        let dash = String(repeating: " ", count: indent) + "-"
        guard case .mapping(let entries) = item else {
            // No list of the language holds lists.
            lines.append(Line(text: "\(dash) \(item.blockScalar)", origin: source))
            return
        }
        if add(flow: item, behind: dash, source: source) { return }
        let first = lines.count
        add(entries, at: path, indent: indent + 2, isSection: false, inherited: source)
        lines[first].text = "\(dash) \(lines[first].text.dropFirst(indent + 2))"
    }

    private mutating func add(flow value: PrintedNode, behind start: String, source: Source) -> Bool {
        // What is empty has no other form.
        let room = value.isEmpty ? Int.max : Self.width - start.utf8.count - 1
        guard let flow = value.flow(within: room), flow.utf8.count <= room else { return false }
        lines.append(Line(text: "\(start) \(flow)", origin: source))
        return true
    }
}

extension PrintedNode {
    fileprivate var blockScalar: String {
        if case .text(let text) = self { return yamlText(text, inFlow: false) }
        return flow(within: .max) ?? ""
    }

    fileprivate var isSection: Bool {
        if case .section = self { return true }
        return false
    }

    private var count: Int {
        switch self {
        case .word, .text: 1
        case .list(let items), .rules(let items): items.count
        case .mapping(let entries), .section(let entries): entries.count
        }
    }

    fileprivate var isEmpty: Bool { count == 0 }
}
