// A text that a pattern or glob matches, for examples.

extension Pattern {
    /// A short text that matches, or nil where looking for one found none.
    var example: String? { automaton.example.flatMap { matches($0) ? $0 : nil } }
}

extension Glob {
    /// A name that matches, with `stem` where the glob leaves a choice: `*.mod` and `model` give `model.mod`.
    func example(stem: String) -> String? {
        if isPlain { return source }
        var name = ""
        var hasStem = false
        var rest = source.unicodeScalars[...]
        while let scalar = rest.first {
            if rest.starts(with: "**/".unicodeScalars) {
                rest = rest.dropFirst(3)
                continue
            }
            rest = rest.dropFirst()
            switch scalar {
            case "*":
                name += hasStem ? "" : stem
                hasStem = true
            case "?": name += "x"
            default: name.unicodeScalars.append(scalar)
            }
        }
        if matches(name) { return name }
        return automaton?.example.flatMap { matches($0) ? $0 : nil }
    }
}

extension Automaton {
    /// The text of a shortest way to acceptance. Anchors are taken for passable, so the text may not match after all.
    var example: String? {
        // For each state, the state before it and the character read in between.
        var origin: [(state: Int, scalar: Unicode.Scalar?)?] = Array(repeating: nil, count: states.count)
        var seen = Array(repeating: false, count: states.count)
        var current = [0], next: [Int] = []
        seen[0] = true
        while !current.isEmpty {
            while let state = current.popLast() {
                func reach(_ target: Int, reading scalar: Unicode.Scalar?) {
                    guard target < states.count, !seen[target] else { return }
                    seen[target] = true
                    origin[target] = (state, scalar)
                    if scalar == nil { current.append(target) } else { next.append(target) }
                }
                switch states[state] {
                case .accept: return text(to: state, origin)
                case .literal(let value): reach(state + 1, reading: Unicode.Scalar(value))
                case .set(let set): if let scalar = set.example { reach(state + 1, reading: scalar) }
                case .jump(let target): reach(target, reading: nil)
                case .split(let one, let other):
                    reach(other, reading: nil)
                    reach(one, reading: nil)
                case .atStart, .atEnd: reach(state + 1, reading: nil)
                }
            }
            (current, next) = (next, [])
        }
        return nil
    }

    private func text(to last: Int, _ origin: [(state: Int, scalar: Unicode.Scalar?)?]) -> String {
        var scalars: [Unicode.Scalar] = []
        var state = last
        while let step = origin[state] {
            if let scalar = step.scalar { scalars.append(scalar) }
            state = step.state
        }
        var text = ""
        for scalar in scalars.reversed() { text.unicodeScalars.append(scalar) }
        return text
    }
}

extension CharacterSet {
    /// A character of the set, a letter or digit where there is one.
    fileprivate var example: Unicode.Scalar? {
        let plain = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".unicodeScalars
        if let scalar = plain.first(where: { contains($0.value) }) { return scalar }
        let printable = (UInt32(0x20)...0x7E).first { contains($0) }
        return Unicode.Scalar(printable ?? ranges.first?.lowerBound ?? 0x20)
    }
}
