import Programs

/// A root that is an image, as steps of jrun-init.
///
/// The root stays the small tmpfs that every run has. The image is attached beneath a name that the program never sees;
/// each of its top-level entries is bound to its own place, and the hidden name goes again. So a program can no more
/// change the root itself, or find the image as a whole, than it can with the node's `/usr`.
struct ImageView {
    /// What an image's own entries of these names would hide: places of the run, and those that are taken while the
    /// root is put together.
    static let hiddenEntries: Set<String> = [
        "proc", "sys", "dev", "tmp", "run", "work", whole, lower, layer, cover,
    ]
    private static let whole = ".image", lower = ".lower", layer = ".layer"
    /// Of jrun-init, while it covers a file.
    private static let cover = ".cover"

    let image: ImageFacts
    let isWritable: Bool
    /// The run's uid and gid, whose the changes to the image are.
    let owner: UInt32
    /// Name in `/etc`, and contents.
    let ownFiles: [(name: String, contents: String)]

    var steps: [Step] {
        (isWritable ? overlay : [.directory(Self.whole, mode: 0o755), .attach(.image, at: Self.whole, attributes)])
            + image.entries.flatMap(mounted)
            // Over the image's own, which every image has so that there is a place for these.
            + ownFiles.map { .cover("etc/\($0.name)", contents: Array($0.contents.utf8), mode: 0o644) }
            // What is bound stays; the way to the whole goes.
            + [.detach(Self.whole)]
    }

    /// The image's links at the top level. Before the root is entered an absolute one would lead to the node, so no step
    /// that takes a path may come behind them until then.
    var links: [Step] {
        image.entries.compactMap { entry in
            guard case .link(let target) = entry.kind else { return nil }
            return .symlink(to: target, at: entry.name)
        }
    }

    private var attributes: MountAttributes {
        isWritable ? [.noSetuid, .noDevices] : [.readOnly, .noSetuid, .noDevices]
    }

    /// Overlayfs takes its layers by path, and before Linux 6.15 only where they are attached in the mount namespace of
    /// whoever mounts it; afterwards it holds them itself. Its features that follow what an upper layer says of a lower
    /// one are off. What the program does there it does with the rights of whoever mounted it, who is the files' owner, so
    /// that changing modes and times takes no capability. Source: fs/namespace.c, clone_private_mount;
    /// filesystems/overlayfs.rst, "Permission model"
    private var overlay: [Step] {
        [
            .directory(Self.lower, mode: 0o755), .directory(Self.layer, mode: 0o755),
            .directory(Self.whole, mode: 0o755),
            .attach(.image, at: Self.lower, [.readOnly, .noSetuid, .noDevices]),
            .attach(.imageLayer, at: Self.layer, attributes),
            .mount(
                type: "overlay", at: Self.whole, attributes,
                options: "lowerdir=\(Self.lower),upperdir=\(Self.layer)/upper,workdir=\(Self.layer)/work,"
                    + "redirect_dir=nofollow,metacopy=off,index=off,xino=off",
                by: owner),
            .detach(Self.lower), .detach(Self.layer),
        ]
    }

    private func mounted(_ entry: ImageFacts.Entry) -> [Step] {
        let whole = "\(Self.whole)/\(entry.name)"
        switch entry.kind {
        case .link: return []
        case .directory: return [.directory(entry.name, mode: 0o755), .bind(whole, at: entry.name, attributes)]
        case .file: return [.file(entry.name, contents: [], mode: 0o644), .bind(whole, at: entry.name, attributes)]
        }
    }

    /// What Landlock allows of the image.
    var accesses: [(path: String, access: LandlockAccess)] {
        let access: LandlockAccess = isWritable ? .everythingButDevices : .readExecute
        return image.entries.compactMap { entry in
            switch entry.kind {
            case .link: nil
            case .directory: ("/\(entry.name)", access)
            case .file: ("/\(entry.name)", access.intersection(.fileOnly))
            }
        }
    }
}

/// What a launch has to know of an image that is mounted.
public struct ImageFacts: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public enum Kind: Sendable, Equatable {
            case directory, file
            case link(target: String)
        }

        public var name: String
        public var kind: Kind

        public init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    /// Of the top level, without what the run has of its own; sorted.
    public private(set) var entries: [Entry]

    public init(topLevel: [Entry]) {
        entries = topLevel.filter { !ImageView.hiddenEntries.contains($0.name) }.sorted { $0.name < $1.name }
    }
}
