import CLinux
import Confinement
import Images
import Kernel
import Programs

/// Images that are mounted on this node, each once for all its runs.
///
///     store/sha256/HEX.erofs ──SHA-256──► loop device ──erofs, read-only──► runtime/images/HEX ──open_tree──► a run's own
///
/// The bytes that are verified and those that are mounted belong to one open file. A mount stays for the runs to come,
/// whoever starts them, so that an image is in memory once; it goes when its image has left the store, or lost its name.
enum ImageMounts {
    /// The image that a program's root means now, mounted.
    static func mounted(_ root: ImageRoot, on node: Node) throws(RunRefused) -> MountedImage {
        guard node.rootless == nil else {
            throw RunRefused(
                "root image '\(root.reference)': mounting an image takes root; run it by jrund, or take 'root: host'")
        }
        let store = ImageStore(path: node.imagesDirectory)
        do {
            // Nothing is taken from the store between the name and the mount.
            return try store.locked {
                let digest = try digest(of: root.reference, in: store)
                let path = "\(node.imageMounts)/\(digest.hex)"
                let top = try opened(path) ?? mount(digest, from: store, at: path, on: node)
                return try MountedImage(root, digest: digest, top: top)
            }
        } catch let error as RunRefused { throw error } catch { throw RunRefused("\(error)") }
    }

    /// Nil when no image is mounted there. What was looked at is what will be used: the path may lead elsewhere soon.
    private static func opened(_ path: String) -> OwnedFD? {
        guard let top = try? FileSystem.open(path, [.read, .directory]), Mounts.isErofs(top.raw) else { return nil }
        // A file that was damaged and built anew is another one.
        if IdleImageMount.backingFile(of: top.raw)?.hasSuffix(" (deleted)") == true { return nil }
        return top
    }

    private static func digest(of text: String, in store: ImageStore) throws -> ImageDigest {
        let reference = try ImageReference(text)
        // Without its manifest, which nothing here asks about.
        if let digest = try reference.digest ?? store.meaning(of: reference.name),
            FileSystem.exists(store.imagePath(digest))
        {
            return digest
        }
        return try store.resolve(reference).digest
    }

    private static func mount(
        _ digest: ImageDigest, from store: ImageStore, at path: String, on node: Node
    ) throws -> OwnedFD {
        try FileSystem.makeDirectories(node.imageMounts, mode: 0o700)
        // Each image has a lock of its own: reading one whole takes its time.
        let held = try FileSystem.open("\(path).lock", [.write, .create], mode: 0o600)
        _ = try lock(held.raw, waiting: true)
        // Somebody else may have done it meanwhile.
        if let top = opened(path) { return top }
        removeUnused(store, node)
        let file = try FileSystem.open(store.imagePath(digest), .read)
        let found = try fileDigest(file.raw).digest
        guard found == digest else {
            throw RunRefused(
                "image '\(store.imagePath(digest))' is damaged, its digest is \(found); build it anew, and take this "
                    + "one away with `jrun-image gc`")
        }
        let device: LoopDevice
        do throws(KernelError) { device = try LoopDevice(readOnly: file.raw) } catch {
            throw RunRefused(
                "image '\(store.imagePath(digest))' needs a loop device: \(error); modprobe loop (see jrun doctor)")
        }
        let mount: OwnedFD
        do throws(KernelError) { mount = try Mounts.erofs(on: device.path) } catch {
            guard error.errno == ENODEV else { throw error }
            throw RunRefused("this kernel cannot mount images: it has no erofs; modprobe erofs (see jrun doctor)")
        }
        try FileSystem.makeDirectory(path, mode: 0o700, orFindIt: true)
        if let old = try? FileSystem.open(path, [.read, .directory]), Mounts.isErofs(old.raw) {
            try Mounts.detach(path)
        }
        try Mounts.attach(mount.raw, at: path)
        return try Mounts.openRoot(of: mount.raw)
    }

    /// Takes away the mounts of images that have left the store or that no name stands for any more. Runs that use one
    /// keep it; with the last of them its loop device goes, which holds the image's file.
    /// Who works on another image at this moment has it locked.
    private static func removeUnused(_ store: ImageStore, _ node: Node) {
        guard let names = try? store.names(), let live = try? RunImages.digests(on: node, live: true) else { return }
        let named = Set(names.map(\.digest))
        let idle = try? IdleImageMount.all(on: node, of: store) { digest in
            live.contains(digest) || named.contains(digest) && FileSystem.exists(store.imagePath(digest))
        }
        for mount in idle ?? [] {
            guard let held = try? FileSystem.open("\(mount.path).lock", [.write, .create], mode: 0o600),
                (try? lock(held.raw)) == true
            else { continue }
            try? mount.detach()
        }
    }
}

extension Program {
    /// The same with the image that its name stood for when a run was created.
    func pinned(to digest: String?) -> Program {
        guard let digest, case .image(let root) = security.root else { return self }
        var program = self
        program.security.root = .image(root.pinned(to: digest))
        return program
    }
}

extension ImageRoot {
    func pinned(to digest: String) -> ImageRoot {
        var root = self
        root.reference = "\(reference.prefix { $0 != "@" })@\(digest)"
        return root
    }
}

/// An image that is mounted on this node, and what a launch has to know of it.
struct MountedImage: Sendable {
    let root: ImageRoot
    let digest: ImageDigest
    /// The root of the mount, open.
    let top: SharedFile
    let facts: ImageFacts

    init(_ root: ImageRoot, digest: ImageDigest, top file: consuming OwnedFD) throws {
        self.root = root
        self.digest = digest
        let top = SharedFile(file)
        self.top = top
        facts = ImageFacts(
            topLevel: try FileSystem.names(in: top.file.raw).compactMap { try top.file.entry(named: $0) })
        let count = facts.entries.count
        guard count <= ImageTopLevel.most else {
            throw RunRefused(
                "image '\(root.reference)' has \(count) names at its top level, and a run can show \(ImageTopLevel.most): "
                    + "build it with fewer, in a directory of their own")
        }
        // As they will be covered: in a directory of the image's own, not behind a link.
        guard facts.entries.contains(.init(name: "etc", kind: .directory)) else {
            throw RunRefused("image '\(root.reference)' has no directory '/etc'; build it with `jrun-image build`")
        }
        for name in ["passwd", "group", "nsswitch.conf"] {
            guard try kind(of: "/etc/\(name)", following: false) == .file else {
                throw RunRefused(
                    "image '\(root.reference)' has no file '/etc/\(name)'; build it with `jrun-image build`")
            }
        }
    }

    /// Opens a path as the run will see it: links, absolute ones too, stay inside.
    func open(_ path: String, _ flags: FileSystem.OpenFlags) throws(KernelError) -> OwnedFD {
        try FileSystem.openInRoot(top.file.raw, path, flags)
    }

    /// Nil when it is not there.
    func kind(of path: String, following: Bool = true) throws(KernelError) -> FileStatus.Kind? {
        do throws(KernelError) {
            let file = try open(path, following ? .pathOnly : [.pathOnly, .noFollow])
            return try FileStatus(of: file.raw).kind
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.errno) { return nil }
            throw error
        }
    }
}

extension OwnedFD {
    /// Nil for what is neither directory, file nor link.
    fileprivate func entry(named bytes: [UInt8]) throws -> ImageFacts.Entry? {
        guard let name = String(validating: bytes, as: UTF8.self) else { return nil }
        switch try FileStatus(path: name, at: raw, following: false).kind {
        case .directory: return .init(name: name, kind: .directory)
        case .file: return .init(name: name, kind: .file)
        case .link: return readLink(name, at: raw).map { .init(name: name, kind: .link(target: $0)) }
        default: return nil
        }
    }
}
