/// Where a value of a program comes from.
public struct Origin: Sendable, Equatable, CustomStringConvertible {
    /// As the file was named when it was read.
    public var file: String
    /// Both counted from 1.
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `FILE:LINE:COLUMN`
    public var description: String { "\(file):\(line):\(column)" }
}
