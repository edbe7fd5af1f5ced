import Kernel

// What root images want of the kernel. A module that is not loaded yet comes with the first image.

extension Doctor {
    static func images() -> [Diagnosis] {
        let release = text("/proc/sys/kernel/osrelease")?.split(separator: "\n").first.map(String.init) ?? ""
        let node = ImageNode(
            fileSystems: text("/proc/filesystems") ?? "",
            modules: (try? FileSystem.text(of: "/lib/modules/\(release)/modules.dep")) ?? "",
            hasLoopControl: FileSystem.exists(LoopDevice.controlPath))
        return [node.images, node.overlay]
    }
}

/// What was found of it on a node.
struct ImageNode {
    /// `/proc/filesystems`
    var fileSystems: String
    /// `modules.dep` of the running kernel.
    var modules: String
    var hasLoopControl: Bool

    var images: Diagnosis {
        let name = "root images"
        let cost = "programs with 'root: {image: …}' cannot run; 'root: host' can"
        if !has("erofs") {
            return .weaker(
                name, "the kernel has no erofs", cost: cost, cure: "boot a kernel with CONFIG_EROFS_FS, as Debian's is")
        }
        if !hasLoopControl, !isLoadable("loop") {
            return .weaker(
                name, "no loop devices", cost: cost,
                cure:
                    "modprobe loop, and echo loop > /etc/modules-load.d/loop.conf; in a container, pass /dev/loop-control on"
            )
        }
        return .ok(name, "erofs, loop devices")
    }

    var overlay: Diagnosis {
        let name = "overlayfs"
        if has("overlay") { return .ok(name, "in the kernel") }
        return .weaker(
            name, "not in the kernel", cost: "root images cannot be writable; read-only ones can be used",
            cure: "boot a kernel with CONFIG_OVERLAY_FS, as Debian's is")
    }

    private func has(_ fileSystem: String) -> Bool {
        fileSystems.split(whereSeparator: \.isWhitespace).contains(fileSystem[...]) || isLoadable(fileSystem)
    }

    /// A line for each module: `kernel/fs/erofs/erofs.ko.xz: …`. Source: modules.dep(5)
    private func isLoadable(_ module: String) -> Bool { modules.contains("/\(module).ko") }
}
