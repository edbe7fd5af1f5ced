/// One entry of a source, before anything of it is believed.
struct SourceEntry: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case file(size: Int64)
        case directory
        case link(target: [UInt8])
        case hardLink(target: [UInt8])
        case device, fifo, socket
    }

    /// As the source has it.
    var name: [UInt8]
    var kind: Kind
    var mode: UInt32
    /// Names of extended attributes.
    var attributes: [String] = []
}

/// Gives up to so many bytes of a file; none at its end.
typealias ContentReader = (Int) throws -> [UInt8]
