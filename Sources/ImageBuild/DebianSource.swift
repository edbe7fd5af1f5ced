import Images
import Kernel
import Programs

extension DebianSource {
    /// What installing leaves, differs from build to build, or is the run's own.
    private static let leftovers = [
        "etc/.pwd.lock", "etc/apt", "etc/group-", "etc/gshadow-", "etc/hostname", "etc/machine-id", "etc/passwd-",
        "etc/resolv.conf", "etc/shadow-", "etc/subgid-", "etc/subuid-", "var/cache", "var/lib/apt", "var/lib/dpkg",
        "var/lib/systemd", "var/lib/ucf", "var/log",
    ]

    /// Installs the packages into the staging.
    func fill(_ staging: Staging, scratch: String) throws -> ImageManifest.Source {
        guard isRoot() else {
            throw ImageError("from: debian: packages are installed as root, so: sudo jrun-image build")
        }
        var arguments = [
            "mmdebstrap", "--mode=root", "--variant=essential", "--format=tar",
            // An old snapshot is meant to be old.
            "--aptopt=Acquire::Check-Valid-Until \"false\"",
        ]
        if !packages.isEmpty { arguments.append("--include=\(packages.joined(separator: ","))") }
        arguments += [suite, "-", mirror]
        try Tool(arguments: arguments, package: "mmdebstrap", scratch: scratch).reading { try staging.addTar($0) }
        var source = ImageManifest.Source(from: "debian")
        source.suite = suite
        source.mirror = mirror
        source.packages = try installed(staging)
        for path in Self.leftovers { try staging.remove(path.split(separator: "/").map(String.init)) }
        return source
    }

    private func installed(_ staging: Staging) throws -> [ImageManifest.Package] {
        let file = try FileSystem.openBeneath(staging.root.raw, "var/lib/dpkg/status", .read)
        let bytes = try FileSystem.contents(of: file.raw, named: "var/lib/dpkg/status", limit: 64 << 20)
        return installedPackages(String(decoding: bytes, as: UTF8.self))
    }
}

/// The packages of dpkg's status file that are installed, by name. Source: deb-control(5), dpkg(1).
func installedPackages(_ status: String) -> [ImageManifest.Package] {
    var packages: [ImageManifest.Package] = [], fields: [Substring: Substring] = [:]
    for line in (status + "\n").split(separator: "\n", omittingEmptySubsequences: false) {
        if line.isEmpty {
            if let name = fields["Package"], let version = fields["Version"], let machine = fields["Architecture"],
                fields["Status"]?.hasSuffix(" installed") == true
            {
                packages.append(.init(name: String(name), version: String(version), architecture: String(machine)))
            }
            fields = [:]
        } else if !line.hasPrefix(" "), let colon = line.firstIndex(of: ":") {
            fields[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
        }
    }
    return packages.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
}
