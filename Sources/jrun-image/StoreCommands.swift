import ArgumentParser
import ImageBuild
import Images
import Kernel
import Runs

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write an image as an OCI layout, which podman, skopeo and umoci read.")

    @Argument(help: "NAME or NAME@sha256:HEX.")
    var image: String

    @Argument(help: "The layout's directory, which is made.")
    var directory: String

    @OptionGroup var storage: StoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run() throws {
        let store = storage.opened, directory = directory
        let reference = try ImageReference(image)
        // The lock of a build's place keeps what is extracted; this one keeps the image.
        let found = try store.locked {
            let found = try store.resolve(reference)
            try OCIExport(store: store).write(found, tag: reference.name, to: directory)
            return found
        }
        try output.print(["digest": found.digest.description, "layout": "\(directory):\(reference.name)"]) {
            "\(reference.name) \(found.digest) as oci:\(directory):\(reference.name)\n"
        }
    }
}

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Take names away; `gc` takes the images that nothing needs any more.")

    @Argument(help: "A name.")
    var names: [String]

    @OptionGroup var storage: StoreOptions

    mutating func run() throws {
        let store = try storage.existing
        try store.checkWritable()
        try store.remove(names: names)
    }
}

/// What is taken away.
private struct CollectedItem: Encodable {
    enum Kind: String, Encodable { case mount, image, rest }

    var kind: Kind
    var path: String
    var digest: ImageDigest?
    var bytes: Int64
}

struct CollectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Take away images that nothing names and nothing uses, and what broken builds left.",
        discussion: """
            An image stays as long as a name stands for it, a program file gives its digest, a run that is live or kept \
            has it as its root, or it is mounted for another reason. Mounts that jrun has made and needs no more go first.
            """)

    @Flag(name: .long, help: "Only show them.")
    var dryRun = false

    @Option(name: .long, help: "A directory of program files whose digests keep images, beside the usual ones.")
    var programs: [String] = []

    @OptionGroup var storage: StoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run() throws {
        try storage.existing.checkWritable()
        let node = try Node(environment: environmentVariable, executable: "")
        let cleaning = try ImageCleaning(
            of: storage.opened, on: node, programs: ImageUse.programDirectories + programs, dryRun: dryRun)
        let items =
            cleaning.mounts.map { CollectedItem(kind: .mount, path: $0.path, digest: $0.digest, bytes: 0) }
            + cleaning.garbage.map {
                CollectedItem(
                    kind: $0.digest == nil ? .rest : .image, path: $0.path, digest: $0.digest, bytes: $0.bytes)
            }
        try output.print(items) { items.map(line).joined() }
    }

    private func line(_ item: CollectedItem) -> String {
        switch item.kind {
        case .mount: "\(dryRun ? "would unmount" : "unmounted") \(item.path)\n"
        case .image: "\(dryRun ? "would take away" : "took away") \(item.path) (\(bytesInWords(item.bytes)))\n"
        case .rest: "\(dryRun ? "would take away" : "took away") \(item.path)\n"
        }
    }
}

private func hasShell(_ store: ImageStore, _ digest: ImageDigest) throws -> Bool {
    try store.listing(digest).entries.contains { ["bin/sh", "usr/bin/sh"].contains($0.path) }
}

struct ShellCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell", abstract: "Look around in an image: a shell as nobody, without network, all read-only.",
        usage: "jrun-image shell <image> [--store <store>] [-- <command> ...]")

    @Argument(help: "NAME or NAME@sha256:HEX.")
    var image: String

    @Argument(parsing: .postTerminator, help: "What to run instead of /bin/sh, behind `--`.")
    var command: [String] = []

    @OptionGroup var storage: StoreOptions

    /// In namespaces of its own: the image beneath an overlay that holds the places of /proc and /dev/null, read-only.
    private static let script = """
        set -eu
        mount -t tmpfs -o mode=755 tmpfs "$2"
        mkdir -p "$2/image" "$2/upper/proc" "$2/upper/dev" "$2/work" "$2/root"
        : >"$2/upper/dev/null"
        mount -t erofs -o ro,loop,nodev,nosuid "$1" "$2/image"
        mount -t overlay -o "nodev,nosuid,lowerdir=$2/image,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
        mount -t proc -o nosuid,nodev,noexec proc "$2/root/proc"
        mount --bind /dev/null "$2/root/dev/null"
        mount -o remount,ro "$2/root"
        root="$2/root"
        shift 2
        exec unshare --root "$root" --wd / --setuid 65534 --setgid 65534 -- "$@"
        """

    mutating func run() throws {
        guard isRoot() else {
            throw ImageError("shell: an image is mounted as root, so: sudo jrun-image shell \(image)")
        }
        let store = storage.opened
        let reference = try ImageReference(image)
        let found = try store.locked { () throws in
            let found = try store.resolve(reference)
            try store.verify(found.digest)
            let canStart = try !command.isEmpty || hasShell(store, found.digest)
            guard canStart else {
                throw ImageError(
                    "image '\(reference)' has no /bin/sh; name a command that it has: jrun-image shell \(reference) -- /usr/bin/NAME (`jrun-image show --files` lists them)"
                )
            }
            return found
        }
        let arguments = [
            // In a session without a terminal: whoever shares the caller's could type into its shell (CVE-2017-5226).
            "setpriv", "--no-new-privs", "--", "setsid", "--wait", "unshare", "--mount", "--pid", "--fork",
            "--kill-child", "--net", "--ipc", "--uts", "--propagation", "private", "--", "env", "-i",
            "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/",
            "TERM=\(environmentVariable("TERM") ?? "dumb")", "/bin/sh", "-c", Self.script, "sh", found.path,
            "\(store.path)/tmp",
        ]
        throw ImageError(
            "'setpriv' cannot be started: \(become(arguments + (command.isEmpty ? ["/bin/sh"] : command)))")
    }
}
