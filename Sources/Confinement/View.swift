import Programs

/// The file system, the host name and the network that the run sees, as steps of jrun-init.
///
/// The root is an empty tmpfs of a few inodes; what the program may see is attached to it read-only, everything else
/// simply is not there. ImageView.swift has what is different when that comes from an image.
struct View {
    /// Where the work directory is, inside.
    static let workDirectory = "/work"
    /// Host paths under /usr are part of the view already.
    static let alwaysVisible = "/usr"
    /// Outside /usr, what the loader and Debian's alternatives links need.
    static let loaderPaths = ["/etc/ld.so.cache", "/etc/alternatives"]

    static let memoryDevices: [(name: String, minor: UInt32)] = [
        ("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9),
    ]

    let inputs: PlanInputs
    private let readOnly: MountAttributes = [.readOnly, .noSetuid, .noDevices]

    init(_ inputs: PlanInputs) { self.inputs = inputs }

    /// Host paths that a view of `program` needs; whoever gathers facts looks at them.
    static func hostPaths(of program: Program) -> [String] {
        // Of the node, a run on an image sees devices alone.
        guard program.security.root == .host else { return program.security.devices }
        let extra = (program.security.read + program.security.execute + program.security.devices)
        return [alwaysVisible] + loaderPaths + extra.filter { !$0.hasPrefix(alwaysVisible + "/") }
    }

    var steps: [Step] {
        // Mounts propagate between namespaces until this, and nothing of ours may reach the host.
        [.makePrivate]
            // The new root covers a directory that every host has; it is left behind when the root is entered.
            + [.mountRoot(over: "/usr", options: "size=1m,nr_inodes=4k,mode=0755")]
            // Attached before the root is entered, while the launcher's detached mounts can still be moved.
            + tree + deviceNodes + fileSystems
            // After the file systems, or a path beneath /tmp would be hidden by the run's own.
            + profilePaths
            + (imageView?.links ?? [])
            // From here on no path leads to the host.
            + [.enterRoot]
            // Only now: entering the root needs it writable as a mount point's parent, the program does not.
            + [.sealRoot]
            + [.hostName("jrun")]
            // With its own network namespace, even 127.0.0.1 is the run's alone.
            + (inputs.program.security.network == .none ? [.loopback] : [])
            // The ruleset opens paths, so it is made inside the view, and by root, whom no mode bits stop.
            + landlock
            + streams
            // Everything the program's process needs is in place.
            + [.startProgram(in: inputs.facts.controllers == nil ? nil : .cgroupLeaf)]
    }

    private var tree: [Step] { imageView?.steps ?? (hostDirectories + etc) }

    /// Nil for a program whose root is the node's. An image of which nothing is known shows nothing.
    private var imageView: ImageView? {
        guard case .image(let root) = inputs.program.security.root else { return nil }
        return ImageView(
            image: inputs.facts.image ?? ImageFacts(topLevel: []), isWritable: root.isWritable,
            owner: inputs.identity.uid, ownFiles: ownFiles)
    }

    private var hostDirectories: [Step] {
        [.directory("usr", mode: 0o755), .attach(.hostPath("/usr"), at: "usr", readOnly)]
            + inputs.facts.rootLinks.sorted { $0.key < $1.key }.map { .symlink(to: $0.value, at: $0.key) }
    }

    /// Files of `/etc` of our own making.
    private var ownFiles: [(name: String, contents: String)] {
        let uid = inputs.identity.uid
        return [
            ("passwd", "root:x:0:0:root:/:/sbin/nologin\nrun:x:\(uid):\(uid):run:/work:/sbin/nologin\n"),
            ("group", "root:x:0:\nrun:x:\(uid):\n"),
            ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
        ]
    }

    /// Our own files, unless the profile shows the node's.
    private var etc: [Step] {
        let security = inputs.program.security
        let files = ownFiles.filter { !(security.read + security.execute).contains("/etc/\($0.name)") }
        return [.directory("etc", mode: 0o755)]
            + files.map { .file("etc/\($0.name)", contents: Array($0.contents.utf8), mode: 0o644) }
            + View.loaderPaths.flatMap { attach($0, attributes: readOnly) }
    }

    /// Each path once: `execute` includes `read`, a directory includes what is beneath it, and /usr and the loader's
    /// paths are there already.
    private var profilePaths: [Step] {
        let security = inputs.program.security
        var shown: [(path: String, attributes: MountAttributes)] = []
        let files =
            security.root == .host
            ? security.execute.map { ($0, readOnly) } + security.read.map { ($0, readOnly.union(.noExecute)) } : []
        let wanted =
            files + security.devices.map { ($0, [.noSetuid, .noExecute]) }
        for (path, attributes) in wanted.sorted(by: { $0.0 < $1.0 }) where !View.loaderPaths.contains(path) {
            let isCovered = shown.contains { covers($0.path, path) && attributes.isSuperset(of: $0.attributes) }
            if !isCovered && !shown.contains(where: { $0.path == path }) { shown.append((path, attributes)) }
        }
        return shown.flatMap { entry in
            let isInside = shown.contains { $0.path != entry.path && covers($0.path, entry.path) }
            return attach(entry.path, attributes: entry.attributes, placeExists: isInside)
        }
    }

    private func covers(_ directory: String, _ path: String) -> Bool {
        path == directory || path.hasPrefix(directory + "/")
    }

    /// Parents, the place itself, and the mount; nothing when the path is visible already or does not exist.
    ///
    /// - Parameter placeExists: the place is inside another mount, which has it and cannot be written.
    private func attach(_ path: String, attributes: MountAttributes, placeExists: Bool = false) -> [Step] {
        guard let kind = inputs.facts.paths[path], !covers(View.alwaysVisible, path) else { return [] }
        let place = String(path.dropFirst())
        let mount = Step.attach(.hostPath(path), at: place, attributes)
        if placeExists { return [mount] }
        let target: Step =
            kind == .directory ? .directory(place, mode: 0o755) : .file(place, contents: [], mode: 0o644)
        return parents(of: place) + [target, mount]
    }

    private func parents(of place: String) -> [Step] {
        let bytes = place.utf8
        return bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }.map {
            .directory(String(place[..<$0]), mode: 0o755)
        }
    }

    private var deviceNodes: [Step] {
        let links = [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
        return [.directory("dev", mode: 0o755), .directory("dev/shm", mode: 0o755)]
            + View.memoryDevices.flatMap(memoryDevice)
            + links.map { .symlink(to: $0.1, at: "dev/\($0.0)") }
    }

    /// In a user namespace nobody may make device nodes, and one on a file system made there would not open: the node's
    /// own are shown. Source: user_namespaces(7), mknod(2).
    private func memoryDevice(_ name: String, minor: UInt32) -> [Step] {
        guard inputs.facts.rootless != nil else { return [.device("dev/\(name)", major: 1, minor: minor)] }
        return [
            .file("dev/\(name)", contents: [], mode: 0o666),
            .attach(.hostPath("/dev/\(name)"), at: "dev/\(name)", [.noSetuid, .noExecute]),
        ]
    }

    private var fileSystems: [Step] {
        // An inode costs kernel memory that `size` does not count.
        let size = "size=\(inputs.request.limits[.temporary]),nr_inodes=16k,mode=1777"
        return [
            .directory("proc", mode: 0o555), .directory("tmp", mode: 0o755), .directory("work", mode: 0o755),
            // subset=pid leaves only the processes' own directories: no sysctls, no kernel memory, no key or timer
            // lists to mask one by one. hidepid=ptraceable hides jrun-init. Source: filesystems/proc.rst
            .mount(
                type: "proc", at: "proc", [.noSetuid, .noDevices, .noExecute], options: "subset=pid,hidepid=ptraceable"),
            .mount(type: "tmpfs", at: "tmp", [.noSetuid, .noDevices], options: size),
            .mount(type: "tmpfs", at: "dev/shm", [.noSetuid, .noDevices, .noExecute], options: size),
            .attach(.work, at: "work", [.noSetuid, .noDevices]),
        ]
    }

    private var landlock: [Step] {
        let abi = inputs.facts.landlockABI
        guard abi >= 1 else { return [] }
        let ruleset = LandlockRuleset(abi: abi)
        let security = inputs.program.security
        var rules: [(String, LandlockAccess)] = imageView?.accesses ?? [("/usr", .readExecute), ("/etc", .read)]
        rules += [
            ("/proc", [.read, .writeFile]),
            (View.workDirectory, .everythingButDevices), ("/tmp", .everythingButDevices),
            ("/dev/shm", .everythingButDevices),
            ("/dev", .readDirectory),
        ]
        rules += View.memoryDevices.map { ("/dev/\($0.name)", LandlockAccess.device) }
        if security.root == .host {
            rules += security.read.map { ($0, LandlockAccess.read) }
            rules += security.execute.map { ($0, LandlockAccess.readExecute) }
        }
        rules += security.devices.map { ($0, LandlockAccess.device) }
        return [.landlockRuleset(ruleset)]
            + rules.compactMap { path, access in rule(path, access.intersection(ruleset.files)) }
    }

    /// The kernel refuses directory rights on a file (EINVAL).
    private func rule(_ path: String, _ access: LandlockAccess) -> Step? {
        let kind = inputs.facts.paths[path]
        let isFile = kind == .file || kind == .device || path.hasPrefix("/dev/") && path != "/dev/shm"
        let access = isFile ? access.intersection(.fileOnly) : access
        return access.isEmpty ? nil : .landlockPath(path, access)
    }

    private var streams: [Step] {
        (inputs.program.stdoutRelay != nil ? [.pipe(stream: 1, owner: inputs.identity.uid)] : [])
            + (inputs.program.stderrRelay != nil ? [.pipe(stream: 2, owner: inputs.identity.uid)] : [])
    }
}

/// Places inside that are the run's own; a profile cannot show the host's there.
public let placesOfTheRun = ["/proc", View.workDirectory]

/// Host paths whose kind has to be known before a plan of `program` can be made.
public func hostPathsInView(of program: Program) -> [String] { View.hostPaths(of: program) }
