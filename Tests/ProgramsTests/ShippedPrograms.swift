import FoundationEssentials
import Glibc

@testable import Programs

/// The program files that come with jrun.
enum ShippedPrograms {
    /// `profiles`, whichever way the sources were reached: the directory of the tests may be a link to somewhere else.
    private static let directory: String = {
        guard let file = realpath(#filePath, nil) else { return "" }
        defer { free(file) }
        return String(cString: file).split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/profiles"
    }()

    /// Without `.yaml`, sorted.
    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(directory)/\(name).yaml")))
    }

    /// With what it extends.
    static func source(_ name: String) throws -> ProgramSource {
        try ProgramFile.read(bytes(name), fileName: "\(name).yaml") { other in
            (try? bytes(other)).map { .file(ProgramSourceFile(path: "\(other).yaml", bytes: $0)) } ?? .notHere
        }
        .get()
    }

    static func program(_ name: String) throws -> Program { try source(name).program }
}
