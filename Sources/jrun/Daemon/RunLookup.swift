import ControlAPI
import Programs
import Runs

extension ControlClient {
    /// Every run that the caller may see, newest first.
    func runs(_ query: [(name: String, value: String)] = []) throws -> [RunView] {
        var all: [RunView] = [], after: String?
        repeat {
            let page = query + [("limit", "1000")] + (after.map { [("after", $0)] } ?? [])
            let list = try decode(RunList.self, .get(Route(["v1", "runs"], query: page)))
            all += list.runs
            after = list.next
        } while after != nil
        return all
    }

    /// The ids that these beginnings of ids mean; whole ids need not be looked up.
    func ids(_ prefixes: [String]) throws -> [String] {
        let texts = prefixes.map { $0.lowercased() }
        if texts.allSatisfy({ RunID($0) != nil }) { return texts }
        let known = try runs()
        return try texts.map { try RunLookup(known).id($0) }
    }

    func id(_ prefix: String) throws -> String { try ids([prefix])[0] }
}

/// Which run the beginning of an id means.
struct RunLookup {
    private let runs: [RunView]
    private static let shown = 6

    init(_ runs: [RunView]) { self.runs = runs }

    func id(_ prefix: String) throws -> String {
        if RunID(prefix) != nil { return prefix }
        let found = runs.filter { $0.id.hasPrefix(prefix) }
        // What a script that lost an id passes on must not mean the only run there is.
        if prefix.isEmpty { throw RunRefused("a run's id is needed, and '' is none\(runs.isEmpty ? "" : names(runs))") }
        if found.count == 1 { return found[0].id }
        if found.isEmpty {
            throw RunRefused("no run's id begins with '\(prefix)'\(runs.isEmpty ? "; there are no runs" : names(runs))")
        }
        throw RunRefused("\(found.count) runs' ids begin with '\(prefix)'\(names(found))")
    }

    private func names(_ runs: [RunView]) -> String {
        let shown = runs.prefix(RunLookup.shown).map { "\($0.id) (\($0.program.name), \($0.state))" }
        let rest = runs.count - shown.count
        return "; runs: \(shown.joined(separator: ", "))" + (rest > 0 ? " and \(rest) more (see jrun ps -a)" : "")
    }

    /// The shortest beginnings of ids that tell them apart. The first ten characters are the time of creation.
    static func shortIDs(_ ids: [String]) -> [String: String] {
        let sorted = ids.sorted()
        var short: [String: String] = [:]
        for (index, id) in sorted.enumerated() {
            let neighbours = [index > 0 ? sorted[index - 1] : "", index + 1 < sorted.count ? sorted[index + 1] : ""]
            let common = neighbours.map { zip($0, id).prefix { $0 == $1 }.count }.max() ?? 0
            short[id] = String(id.prefix(max(12, common + 1)))
        }
        return short
    }
}
