import Images
import Kernel
import Programs

/// Copies paths of this node to the same paths of the image, with every link that is on their way.
final class HostTree {
    private let staging: Staging
    private let root: OwnedFD
    /// Only what nobody could read as well is taken.
    private var isForEverybody = false
    /// Absolute paths.
    private(set) var taken: Set<String> = []

    /// - Parameter root: another directory stands for the node in tests.
    init(_ staging: Staging, root: String = "/") throws(KernelError) {
        self.staging = staging
        self.root = try FileSystem.open(root, [.read, .directory])
    }

    /// At the top of the node: where programs and what they read belong.
    static let publicPlaces: Set<String> = ["usr", "etc", "opt", "bin", "sbin", "lib", "lib32", "lib64", "libx32"]

    /// Takes what everybody may read, and nothing else: a command that ran as nobody has named the path.
    func addPublic(_ path: String) throws {
        isForEverybody = true
        defer { isForEverybody = false }
        do { try add(path, whole: false) } catch is NotForEverybody {}
    }

    /// - Parameter whole: of a directory, all beneath too.
    func add(_ path: String, whole: Bool) throws {
        var place: [String] = [], pending = parts(path), links = 0
        while let next = pending.first {
            pending.removeFirst()
            guard next != ".." else {
                _ = place.popLast()
                continue
            }
            place.append(next)
            switch try take(place, askedFor: path) {
            case .link:
                links += 1
                guard links <= 40 else { throw ImageError("\(quoted(path)): too many links (ELOOP)") }
                let above = try parent(of: place)
                let target = String(decoding: try readTarget(next, in: above.raw), as: UTF8.self)
                place = target.hasPrefix("/") ? [] : place.dropLast()
                pending = parts(target) + pending
            case .directory: continue
            default:
                guard pending.isEmpty else { throw ImageError("\(quoted(path)): not a directory (ENOTDIR)") }
            }
        }
        guard whole, let name = place.last else { return }
        let above = try parent(of: place)
        guard try FileStatus(path: name, at: above.raw, following: false).kind == .directory else { return }
        let directory = try FileSystem.openBeneath(above.raw, name, [.read, .directory])
        try takeAll(directory.raw, place)
    }

    private func parts(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init).filter { $0 != "." }
    }

    /// No link on the way is followed: those that belong there were gone through, one that has come since does not.
    private func parent(of place: [String]) throws -> OwnedFD {
        var directory = try FileSystem.open(".", [.read, .directory], at: root.raw)
        for name in place.dropLast() {
            directory = try FileSystem.open(name, [.read, .directory, .noFollow], at: directory.raw)
        }
        return directory
    }

    /// One file, link or directory, once.
    private func take(_ place: [String], askedFor path: String) throws -> FileStatus.Kind {
        let name = place[place.count - 1], above = try parent(of: place)
        let status: FileStatus
        do { status = try FileStatus(path: name, at: above.raw, following: false) } catch {
            throw ImageError("\(quoted(path)): this node has no \(quoted("/" + place.joined(separator: "/")))")
        }
        if isForEverybody { try refuseSecrets(place, status) }
        if taken.insert("/" + place.joined(separator: "/")).inserted {
            try staging.addFile(name, in: above.raw, as: place)
        }
        return status.kind
    }

    private func refuseSecrets(_ place: [String], _ status: FileStatus) throws {
        let isOpen =
            switch status.kind {
            case .directory: status.mode & 0o001 != 0
            case .link: true
            default: status.mode & 0o004 != 0
            }
        guard isOpen, HostTree.publicPlaces.contains(place[0]) else { throw NotForEverybody() }
    }

    private func takeAll(_ directory: Int32, _ place: [String]) throws {
        guard place.count < 128 else { throw ImageError("\(quoted(place.joined(separator: "/"))): too deep") }
        for bytes in try FileSystem.names(in: directory) {
            let name = String(decoding: bytes, as: UTF8.self)
            guard try take(place + [name], askedFor: "/" + (place + [name]).joined(separator: "/")) == .directory else {
                continue
            }
            let below = try FileSystem.openBeneath(directory, name, [.read, .directory])
            try takeAll(below.raw, place + [name])
        }
    }
}

private struct NotForEverybody: Error {}
