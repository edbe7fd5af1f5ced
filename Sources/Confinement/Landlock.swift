// Landlock: a second fence, inside the run's own view, in case the view is ever wrong.
// Source: Documentation/userspace-api/landlock.rst; the ABI history says which right came with which version.

/// What a process may do with files, as the kernel's bits.
public struct LandlockAccess: OptionSet, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    static func bit(_ n: UInt64) -> LandlockAccess { LandlockAccess(rawValue: 1 << n) }
    static let execute = bit(0), writeFile = bit(1), readFile = bit(2), readDirectory = bit(3)
    static let refer = bit(13), truncate = bit(14), ioctlDevice = bit(15)

    static let read: LandlockAccess = [readFile, readDirectory]
    static let readExecute: LandlockAccess = [read, execute]
    /// Making device nodes is never allowed, so bits 6 and 11 are missing.
    static let change: LandlockAccess = [
        writeFile, bit(4), bit(5), bit(7), bit(8), bit(9), bit(10), bit(12), refer, truncate,
    ]
    static let everythingButDevices: LandlockAccess = [readExecute, change]
    static let device: LandlockAccess = [readFile, writeFile, ioctlDevice]
    /// Rights that make sense for a file that is not a directory; the kernel refuses the others on one.
    static let fileOnly: LandlockAccess = [execute, writeFile, readFile, truncate, ioctlDevice]

    /// Every right that ABI `version` knows.
    static func handled(abi version: Int) -> LandlockAccess {
        var bits: UInt64 = (1 << 13) - 1
        if version >= 2 { bits |= refer.rawValue }
        if version >= 3 { bits |= truncate.rawValue }
        if version >= 5 { bits |= ioctlDevice.rawValue }
        return LandlockAccess(rawValue: bits)
    }

    public var description: String {
        if contains(.everythingButDevices) { return "everything but devices" }
        let words = [
            (LandlockAccess.execute, "execute"), (.readFile, "read"), (.readDirectory, "list"), (.writeFile, "write"),
        ]
        return words.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
    }
}

public struct LandlockRuleset: Sendable, Equatable, CustomStringConvertible {
    public var files: LandlockAccess
    /// LANDLOCK_SCOPE_*: abstract sockets and signals stay inside.
    public var scopes: UInt64

    init(abi: Int) {
        files = .handled(abi: abi)
        scopes = abi >= 6 ? 3 : 0
    }

    public var description: String {
        "files" + (scopes != 0 ? ", abstract sockets, signals" : "")
    }
}
