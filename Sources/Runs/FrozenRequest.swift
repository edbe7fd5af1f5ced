import Confinement
import FoundationEssentials
import Kernel
import Programs

/// `run.json`: what was asked, as it was accepted, and which program file said so.
struct FrozenRequest: Codable {
    var schema = "jrun.run/1"
    var run: String
    var uid: UInt32
    var created: String
    var program: Report.ProgramReference
    var programFile: String
    var arguments: [String]
    var environment: [String: String]
    var inputs: [String]
    var limits: [Report.LimitReport]

    init(_ preparation: Preparation, _ identity: RunIdentity, createdAt: UInt64) {
        run = identity.id
        uid = identity.uid
        created = timestamp(createdAt)
        program = preparation.programReference
        programFile = preparation.loaded.path
        arguments = preparation.request.arguments
        environment = preparation.request.environment
        inputs = preparation.request.inputs
        limits = Report.LimitReport.all(preparation.request.limits, preparation.enforcement)
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Array(try encoder.encode(self)) + [0x0a]
    }
}

extension Preparation {
    var programReference: Report.ProgramReference {
        let files = loaded.files.map {
            Report.ProgramReference.File(
                name: String($0.path.split(separator: "/").last ?? ""), digest: $0.digest)
        }
        return .init(
            name: program.name, version: program.version, digest: loaded.digest, files: files.count > 1 ? files : nil)
    }
}
