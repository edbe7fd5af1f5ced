/// What one value on the command line, or of an environment variable, may be.
public indirect enum ValueRule: Sendable, Equatable {
    /// With units, one of these texts stands directly behind the number; the empty text is none.
    case integer(ClosedRange<Int64>, units: [String] = [])
    case decimal(min: Double?, max: Double?, units: [String] = [])
    case choice([String])
    /// At most `maxBytes` long; without a pattern, no control characters.
    case string(pattern: Pattern?, maxBytes: Int)
    /// The name of a file in the work directory.
    case file(FileDirection, names: NameFilter = .init())
    /// With its unit; milliseconds. With units, only whole numbers and only these units.
    case duration(ClosedRange<Int64>, units: [String] = [])
    /// Bytes; units as above.
    case size(ClosedRange<Int64>, units: [String] = [])
    /// `YYYY-MM-DD`
    case date
    case list(separator: String, of: ValueRule, count: ClosedRange<Int>)

    /// Most units of one number.
    static let maxUnits = 32
    /// Longest value of a string that does not say otherwise, bytes.
    public static let defaultMaxBytes = 4096
    /// Longest value at all: MAX_ARG_STRLEN of the kernel less its final NUL, bytes.
    public static let maxBytes = 131_071
}

/// What a file name on the command line is for.
public enum FileDirection: String, Sendable, CaseIterable {
    /// Must be among the request's inputs.
    case input
    /// Will be written by the program.
    case output
    /// An input if the request brings it, otherwise an output.
    case any
}
