import Crypto
import Programs

/// A program file that was read: the rules, and the digest of the bytes they came from.
public struct LoadedProgram: Sendable {
    /// One of the files that the program was made from.
    public struct File: Sendable, Equatable {
        public var path: String
        /// SHA-256 of the file, in hexadecimal.
        public var digest: String
    }

    public var program: Program
    public var path: String
    /// The program's own file, the one that it extends, the one that this extends, and so on.
    public var files: [File]

    public init(program: Program, path: String, bytes: [UInt8]) {
        self.program = program
        self.path = path
        files = [File(path: path, digest: hex(SHA256.hash(data: bytes)))]
    }

    public init(_ source: ProgramSource, path: String) {
        program = source.programWithFiles
        self.path = path
        files = source.files.map { File(path: $0.path, digest: hex(SHA256.hash(data: $0.bytes))) }
    }

    /// A program that was read before, with what is known of its files.
    init(program: Program, path: String, reference: Report.ProgramReference) {
        self.program = program
        self.path = path
        files =
            reference.files?.map { File(path: $0.name, digest: $0.digest) }
            ?? [File(path: path, digest: reference.digest)]
    }

    /// SHA-256 in hexadecimal: of the file, or when the program extends others, of the digests of all files, each as
    /// a line of its own. `sha256sum FILE…  | cut -c 1-64 | sha256sum` says the same.
    public var digest: String {
        if files.count == 1 { return files[0].digest }
        return hex(SHA256.hash(data: Array(files.flatMap { Array("\($0.digest)\n".utf8) })))
    }
}
