// What a fuzz target is. One file each, and nothing in them knows who invents the bytes: `make test` plays every seed and
// a few thousand changes of them (PlayTests), `make fuzz` lets libFuzzer search (LibFuzzer).

/// A parser that meets bytes of strangers, and what has to be true of its answer.
struct FuzzTarget: Sendable {
    /// Names its directories of seeds.
    let name: String
    /// Most bytes that libFuzzer makes of an input.
    let maxBytes: Int
    /// Throws `BrokenPromise`, or dies.
    let run: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, maxBytes: Int = 4096, run: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        self.maxBytes = maxBytes
        self.run = run
    }

    static let all: [FuzzTarget] = [
        .program, .pattern, .glob, .arguments, .model, .request, .seccomp, .plan, .encoding, .warm, .tar, .imageTar,
        .gunzip,
        .elf,
        .status, .events, .frozen, .http, .configuration,
    ]
}

/// A parser has answered what it must not.
struct BrokenPromise: Error, CustomStringConvertible {
    var description: String
}

func promise(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw BrokenPromise(description: what()) }
}

/// The parts of an input between its NULs.
func parts(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
}
