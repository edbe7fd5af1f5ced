// libseccomp compares a call's number with every number that has a rule. Neighbours mostly have the same answer: compared
// range by range the filter has less than half the instructions, and the kernel, which compiles it anew for each run, takes
// half the time.

/// One instruction of classic BPF. Source: Documentation/networking/filter.rst, struct sock_filter.
struct BPFInstruction: Equatable {
    var code: UInt16
    /// Instructions to skip when a comparison holds, and when not.
    var yes: UInt8 = 0
    var no: UInt8 = 0
    var value: UInt32 = 0

    static let load: UInt16 = 0x20
    static let jump: UInt16 = 0x05
    static let ifEqual: UInt16 = 0x15
    static let ifGreater: UInt16 = 0x25
    static let ifNotLess: UInt16 = 0x35
    static let ifAnyBit: UInt16 = 0x45
    static let answer: UInt16 = 0x06

    // Offsets in struct seccomp_data.
    static let number: UInt32 = 0
    static let architecture: UInt32 = 4

    static func read(_ bytes: [UInt8]) -> [BPFInstruction] {
        bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count / 8 * 8, by: 8).map { at in
                BPFInstruction(
                    code: raw.loadUnaligned(fromByteOffset: at, as: UInt16.self), yes: raw[at + 2], no: raw[at + 3],
                    value: raw.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))
            }
        }
    }

    static func bytes(_ program: [BPFInstruction]) -> [UInt8] {
        program.flatMap { instruction in
            withUnsafeBytes(of: instruction.code, Array.init) + [instruction.yes, instruction.no]
                + withUnsafeBytes(of: instruction.value, Array.init)
        }
    }
}

/// The same filter with ranges of numbers. Where a program is not of the form that libseccomp writes, or a jump
/// would be too far, there is none, and the original stands.
struct SeccompRanges {
    /// What a number leads to, as long as nothing but the number has been looked at.
    enum Outcome: Equatable {
        case answer(UInt32)
        /// The instruction that looks at an argument: from there on the original goes on.
        case arguments(Int)
    }

    private let original: [BPFInstruction]
    private let native: UInt32
    private let foreignAnswer: UInt32
    /// Each from its first number up to the next one's.
    private(set) var ranges: [(first: UInt32, outcome: Outcome)] = []

    init?(_ original: [BPFInstruction]) {
        typealias I = BPFInstruction
        guard original.count > 3, original[0] == I(code: I.load, value: I.architecture), original[1].code == I.ifEqual
        else { return nil }
        self.original = original
        native = original[1].value
        let foreign = SeccompRanges.follow(original, from: 2 + Int(original[1].no), number: nil, native)
        guard case .answer(let answer) = foreign else { return nil }
        foreignAnswer = answer
        // The outcome can change only at a number that something is compared with, or right behind it.
        let constants = original.filter { $0.code & 7 == I.jump }.map(\.value)
        let borders = Set([0] + constants + constants.filter { $0 < .max }.map { $0 + 1 }).sorted()
        for number in borders {
            guard let outcome = SeccompRanges.follow(original, from: 0, number: number, native) else { return nil }
            if ranges.last?.outcome != outcome { ranges.append((number, outcome)) }
        }
    }

    /// - Parameter number: nil where it must not matter.
    /// - Returns: nil when the program does what is not understood here.
    private static func follow(
        _ program: [BPFInstruction], from start: Int, number: UInt32?, _ architecture: UInt32
    ) -> Outcome? {
        var at = start, accumulator: UInt32?
        while at < program.count {
            let instruction = program[at]
            at += 1
            let value = instruction.value
            switch instruction.code {
            case BPFInstruction.load where value == BPFInstruction.number: accumulator = number
            case BPFInstruction.load where value == BPFInstruction.architecture: accumulator = architecture
            case BPFInstruction.load: return .arguments(at - 1)
            case BPFInstruction.answer: return .answer(value)
            case BPFInstruction.jump: at += Int(value)
            default:
                guard let accumulator, let holds = compare(accumulator, instruction) else { return nil }
                at += Int(holds ? instruction.yes : instruction.no)
            }
        }
        return nil
    }

    /// Not a test of bits: what it says of a number says nothing of the next.
    private static func compare(_ accumulator: UInt32, _ instruction: BPFInstruction) -> Bool? {
        switch instruction.code {
        case BPFInstruction.ifEqual: accumulator == instruction.value
        case BPFInstruction.ifGreater: accumulator > instruction.value
        case BPFInstruction.ifNotLess: accumulator >= instruction.value
        default: nil
        }
    }

    // MARK: The new program

    /// Nil when it would not be shorter, or a jump would be too far for its eight bits.
    func program() -> [BPFInstruction]? {
        typealias I = BPFInstruction
        var code = [
            I(code: I.load, value: I.architecture), I(code: I.ifEqual, yes: 1, no: 0, value: native),
            I(code: I.answer, value: foreignAnswer), I(code: I.load, value: I.number),
        ]
        // Comparisons first, and behind them, once each, what they lead to.
        var jumps: [(at: Int, yes: Target, no: Target)] = []
        addTree(ranges[...], &code, &jumps)
        var places: [(outcome: Outcome, at: Int)] = []
        for (_, outcome) in ranges where !places.contains(where: { $0.outcome == outcome }) {
            places.append((outcome, code.count))
            switch outcome {
            case .answer(let answer): code.append(I(code: I.answer, value: answer))
            case .arguments(let start): code += part(from: start)
            }
        }
        if ranges.count == 1 { return code.count < original.count ? code : nil }
        for jump in jumps {
            func distance(_ target: Target) -> UInt8? {
                let place =
                    switch target {
                    case .comparison(let at): at
                    case .outcome(let outcome): places.first { $0.outcome == outcome }!.at
                    }
                return UInt8(exactly: place - jump.at - 1)
            }
            guard let yes = distance(jump.yes), let no = distance(jump.no) else { return nil }
            (code[jump.at].yes, code[jump.at].no) = (yes, no)
        }
        return code.count < original.count ? code : nil
    }

    private enum Target {
        case comparison(Int)
        case outcome(Outcome)
    }

    /// A balanced tree of comparisons, of ranges of which there are at least two.
    private func addTree(
        _ ranges: ArraySlice<(first: UInt32, outcome: Outcome)>, _ code: inout [BPFInstruction],
        _ jumps: inout [(at: Int, yes: Target, no: Target)]
    ) {
        guard ranges.count > 1 else { return }
        let middle = ranges.startIndex + ranges.count / 2
        let at = code.count, jump = jumps.count
        code.append(BPFInstruction(code: BPFInstruction.ifNotLess, value: ranges[middle].first))
        jumps.append((at, .comparison(0), .comparison(0)))
        for (half, isYes) in [(ranges[..<middle], false), (ranges[middle...], true)] {
            let target = half.count == 1 ? Target.outcome(half.first!.outcome) : .comparison(code.count)
            if isYes { jumps[jump].yes = target } else { jumps[jump].no = target }
            addTree(half, &code, &jumps)
        }
    }

    /// What can be reached from an instruction, in its order; jumps go forward only.
    private func part(from start: Int) -> [BPFInstruction] {
        var isReached: Set<Int> = [start]
        for index in start..<original.count where isReached.contains(index) {
            isReached.formUnion(successors(of: index))
        }
        let kept = isReached.sorted()
        let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        return kept.map { index in
            var instruction = original[index]
            // Nearer than before, so it fits.
            func distance(_ skipped: Int) -> Int { places[index + 1 + skipped]! - places[index]! - 1 }
            switch instruction.code {
            case BPFInstruction.jump: instruction.value = UInt32(distance(Int(instruction.value)))
            case let code where code & 7 == BPFInstruction.jump:
                instruction.yes = UInt8(distance(Int(instruction.yes)))
                instruction.no = UInt8(distance(Int(instruction.no)))
            default: break
            }
            return instruction
        }
    }

    private func successors(of index: Int) -> [Int] {
        let instruction = original[index]
        switch instruction.code {
        case BPFInstruction.answer: return []
        case BPFInstruction.jump: return [index + 1 + Int(instruction.value)]
        case let code where code & 7 == BPFInstruction.jump:
            return [index + 1 + Int(instruction.yes), index + 1 + Int(instruction.no)]
        default: return [index + 1]
        }
    }
}
