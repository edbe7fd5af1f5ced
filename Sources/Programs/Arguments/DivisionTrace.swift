extension Division {
    /// One division that ends at `end`, in the order of the arguments, or `nil` if there is none.
    ///
    /// From the end backwards, the later rules take as little as possible, so the earlier ones take as much.
    func takes(endingAt end: Int) -> [Take]? {
        guard let root = passages[0] else { return nil }
        if root.ends.contains(end) {
            var takes: [Take] = []
            _ = trace(0, root, to: end, &takes)
            return takes.reversed()
        }
        return root.canSkip && root.starts.contains(end) ? [] : nil
    }

    /// Adds what the node takes, the last first, and returns where it begins.
    private func trace(_ node: Int, _ passage: Passage, to end: Int, _ takes: inout [Take]) -> Int {
        switch grammar.nodes[node].kind {
        case .rule(let leaf): return trace(rule: leaf, passage, to: end, &takes)
        case .separator: return end - 1
        case .oneOf:
            for member in grammar.nodes[node].children {
                guard let result = passages[member], result.ends.contains(end) else { continue }
                return trace(member, result, to: end, &takes)
            }
            return end
        case .allOf: return trace(parts: grammar.nodes[node].children, to: end, &takes)
        }
    }

    private func trace(parts: [Int], to end: Int, _ takes: inout [Take]) -> Int {
        var end = end
        for part in parts.reversed() {
            guard let passage = passages[part] else { continue }
            if passage.canSkip, passage.startsBehindOthers.contains(end) { continue }
            end = trace(part, passage, to: end, &takes)
            // Nothing before it takes anything, then.
            if !passage.startsBehindOthers.contains(end) { break }
        }
        return end
    }

    /// With the fewest repetitions that lead back to a start. Each place is at one distance from the end only, so
    /// going back a step from all of them at once visits none twice.
    private func trace(rule leaf: Int, _ passage: Passage, to end: Int, _ takes: inout [Take]) -> Int {
        let rule = grammar.leaves[leaf]
        var frontier = [end]
        var distance = 0
        while !frontier.isEmpty, distance < rule.maxCount {
            frontier = frontier.flatMap { place in
                [place - 1, place - 2].filter { $0 >= 0 && passage.next($0) == place }
            }
            distance += 1
            guard distance >= rule.minCount, let start = frontier.first(where: passage.starts.contains) else {
                continue
            }
            var place = start
            var found: [Take] = []
            while place < end {
                let next = passage.next(place)
                found.append(Take(leaf: leaf, place: place, length: next - place))
                place = next
            }
            takes += found.reversed()
            return start
        }
        return end
    }
}
