/// Why an image, or something of an image's, is refused: one sentence that names it and, where there is one, the cure.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}
