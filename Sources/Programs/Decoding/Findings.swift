/// Collects the errors of one program, which is made of one file or several.
public final class Findings {
    private var files: [String]
    private var errors: [(mark: Mark, message: String)] = []
    private var isCutOff = false
    private var remainingStates = 100_000
    var budget = Budget()
    /// Later ones are dropped: what is wrong so often is not a program file.
    private static let maxErrors = 100

    public init(file: String) { files = [file] }

    /// One more file that the program is made of; its number is that of its marks.
    func addFile(_ name: String) -> Int {
        files.append(name)
        return files.count - 1
    }

    func origin(_ mark: Mark) -> Origin { Origin(file: files[mark.file], line: mark.line, column: mark.column) }

    public var isEmpty: Bool { errors.isEmpty }

    /// The message is only made when it is kept: suggestions cost time.
    public func add(_ mark: Mark, _ message: @autoclosure () -> String) {
        guard errors.count < Self.maxErrors else {
            isCutOff = true
            return
        }
        errors.append((mark, message()))
    }

    /// Takes the states of a pattern from what one file may have altogether, so that many patterns use no more memory
    /// than a few large ones.
    func spend(states: Int, at mark: Mark) {
        remainingStates -= states
        if remainingStates < 0, remainingStates + states >= 0 {
            add(mark, "the file's patterns are too many and too complex")
        }
    }

    var canSpendStates: Bool { remainingStates > 0 }

    /// In the order of the files and their lines; equal places keep the order of discovery.
    public func sorted() -> ProgramFileErrors {
        let order = errors.indices.sorted { (errors[$0].mark, $0) < (errors[$1].mark, $1) }
        var sorted = order.map { index in
            let origin = origin(errors[index].mark)
            return ProgramFileError(
                file: origin.file, line: origin.line, column: origin.column, message: errors[index].message)
        }
        if isCutOff, var last = sorted.last {
            last.message = "there are more errors than the \(Self.maxErrors) that are shown"
            sorted.append(last)
        }
        return ProgramFileErrors(errors: sorted)
    }
}

/// What is left of the room that a program file, with all that it extends, may take.
struct Budget {
    static let maxBytes = 1 << 20
    static let maxNodes = 20_000

    private var bytes = maxBytes
    private var nodes = maxNodes

    mutating func take(bytes count: Int) -> Bool {
        guard count <= bytes else { return false }
        bytes -= count
        return true
    }

    mutating func takeNode() -> Bool {
        nodes -= 1
        return nodes >= 0
    }
}
