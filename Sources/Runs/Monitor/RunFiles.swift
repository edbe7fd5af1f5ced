import Confinement
import Kernel
import Programs

// What jrund writes into a run's directory beside `run.json`: docs/daemon.md. Every file is written whole and renamed, or
// made before the directory has its name.

/// `launch.json`: what was decided at *start*, for whoever has to conclude the run.
struct LaunchRecord: Codable {
    var schema = "jrun.launch/1"
    var uid: UInt32
    /// With the mechanism that holds each.
    var limits: [Report.LimitReport]
    var security: [String]
    var phases: Report.Phases
    /// CLOCK_MONOTONIC nanoseconds. Before the launch, since nothing can be written between it and the program's start.
    var clonedAt: UInt64
    /// Absent in a run that was made when it was started.
    var warm: Bool?
    /// Names of the inputs, which are not kept beyond the end.
    var inputs: [String]
    /// The same as they were put into the work directory.
    var staged: [Staged]

    struct Staged: Codable {
        var inode: UInt64
        var input: Workspace.StagedInput
    }

    /// Nil when it names a mechanism that this version does not know.
    var enforcement: Enforcement? {
        // Two limits came later; a run that was started before is not bound by them.
        var mechanisms: [LimitName: Mechanism] = [.cpus: .nothing, .io: .unlimited]
        var weaker: [LimitName: String] = [.cpus: "the version of jrun that started the run did not bound it"]
        for limit in limits {
            guard let name = LimitName(rawValue: limit.name) else { continue }
            mechanisms[name] = Mechanism(rawValue: limit.enforcedBy)
            weaker[name] = limit.weaker
        }
        return Enforcement(mechanisms: mechanisms, weaker: weaker)
    }
}

/// `stdin`: what has gone through stdin, rewritten in place after each piece. As long as jrun-init is there the position of
/// the buffer is what counts.
struct StdinRecord: Codable, Equatable {
    var bytes: Int64 = 0
    var isClosed = false
    var isTruncated = false
}

/// A descriptor that several closures share.
final class SharedFile: Sendable {
    let file: OwnedFD
    init(_ file: consuming OwnedFD) { self.file = file }
}

/// Bytes that a run's directory takes on disk, of everything that jrund has put there. An empty file counts too: it takes an
/// inode. Not the work directory, which is the program's: it ends with the run, and may hold millions of names.
func bytesOnDisk(_ directory: Int32, depth: Int = 64) -> Int64 {
    var sum: Int64 = 0
    for bytes in (try? FileSystem.names(in: directory)) ?? [] {
        let name = String(decoding: bytes, as: UTF8.self)
        if name == WorkOnDisk.name { continue }
        guard let status = try? FileStatus(path: name, at: directory, following: false) else { continue }
        sum += status.kind == .file ? RunInputs.cost(status.allocatedBytes) : status.allocatedBytes
        guard status.kind == .directory, depth > 0,
            let child = try? FileSystem.openBeneath(directory, name, [.read, .directory])
        else { continue }
        sum += bytesOnDisk(child.raw, depth: depth - 1)
    }
    return sum
}
