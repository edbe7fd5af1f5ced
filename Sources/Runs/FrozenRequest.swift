import Confinement
import Kernel
import Programs

/// `run.json`: what was asked, as it was accepted, and which program file said so.
struct FrozenRequest: Codable {
    /// What a newer jrund has to be able to read.
    var schema = FrozenRequest.currentSchema
    var run: String
    /// Known from the beginning under `jrun exec`; under jrund it is in `launch.json`.
    var uid: UInt32?
    var created: String
    /// Nanoseconds since 1970: the same moment, exactly.
    var createdRealtime: UInt64?
    var program: Report.ProgramReference
    var programFile: String
    /// Digest of the image that the run's root is; absent without one. An image that is named here is in use.
    var image: String?
    var arguments: [String]
    var environment: [String: String]
    var inputs: [String]
    var limits: [Report.LimitReport]
    /// Who asked jrund for it.
    var owner: Owner?
    /// The request's `Idempotency-Key`, and the digest of the request that came with it.
    var idempotencyKey: String?
    var requestDigest: String?

    static let currentSchema = "jrun.run/1"

    init(_ preparation: Preparation, _ id: RunID, createdAt: UInt64) {
        run = id.description
        created = timestamp(createdAt)
        createdRealtime = createdAt
        program = preparation.programReference
        programFile = preparation.loaded.path
        image = preparation.image?.digest.description
        arguments = preparation.request.arguments
        environment = preparation.request.environment
        inputs = preparation.request.inputs
        limits = Report.LimitReport.all(preparation.request.limits, preparation.enforcement)
    }
}

extension Limits {
    /// As they stand in a run directory; nil when one is missing there that every version has written.
    init?(_ reports: [Report.LimitReport]) {
        var values: [String: Int64] = [
            LimitName.cpus.rawValue: LimitRules.defaultCPUs.default, LimitName.io.rawValue: LimitName.unlimited,
        ]
        for report in reports { values[report.name] = report.value ?? LimitName.unlimited }
        guard LimitName.allCases.allSatisfy({ values[$0.rawValue] != nil }) else { return nil }
        self.init { values[$0.rawValue] ?? 0 }
    }
}

extension Preparation {
    var programReference: Report.ProgramReference { loaded.reference }
}

extension LoadedProgram {
    var reference: Report.ProgramReference {
        let files = files.map {
            Report.ProgramReference.File(name: String($0.path.split(separator: "/").last ?? ""), digest: $0.digest)
        }
        return .init(
            name: program.name, version: program.version, digest: digest, files: files.count > 1 ? files : nil)
    }
}
