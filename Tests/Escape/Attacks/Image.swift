// Root images for attacks, in a store of the suite's own.

import Foundation
import Glibc
import TestSupport

/// An image in the suite's store, and the tree that it was made from.
package struct Image {
    package let name: String
    package let digest: String
    let tree: String
    let site: Site

    /// The image itself.
    package var file: String { "\(site.images)/sha256/\(digest).erofs" }
    /// Where the runs' copies of it are taken from.
    package var mountPoint: String { "\(site.runtime)/images/\(digest)" }

    /// Whether the file is the one that was built, and whoever else runs on the image sees what was put into it.
    package func isAsItWas() throws -> Bool {
        guard try Image.digest(of: file) == digest else { return false }
        let words = ["diff", "--recursive", "--no-dereference", tree, mountPoint]
        return try Command(words, environment: [:]).run().status == 0
    }

    static func digest(of file: String) throws -> String {
        String(try Command(["sha256sum", file], environment: [:]).run().text.prefix(64))
    }

    /// Takes it out of the store, and its mount away.
    fileprivate func remove() {
        umount2(mountPoint, Int32(MNT_DETACH))
        rmdir(mountPoint)
        for path in [file, "\(site.images)/names/\(name)"] { unlink(path) }
        try? FileManager.default.removeItem(atPath: tree)
    }
}

extension Site {
    package var images: String { "\(directory)/images" }
    package var runtime: String { "\(directory)/runtime" }

    /// The image of attacks that want nothing to be shown but themselves; built at the first call, by the tool.
    fileprivate func commonImage() throws -> Image {
        let name = "probe", tree = "\(directory)/tree"
        if access(tree, F_OK) != 0 {
            try plant(in: tree)
            let recipe = "image: \(name)\nsummary: An attacker\nfrom: directory\npath: \(tree)\n"
            try Data(recipe.utf8).write(to: URL(fileURLWithPath: "\(directory)/probe-image.yaml"))
            var build = Command(
                ["\(dist)/sbin/jrun-image", "build", "\(directory)/probe-image.yaml"], environment: [:])
            build.environment["JRUN_IMAGES"] = images
            let ended = try build.run()
            guard ended.status == 0 else {
                throw Unusable(description: "jrun-image build: \(ended.stderr.prefix(300))")
            }
        }
        let meaning = try String(contentsOfFile: "\(images)/names/\(name)", encoding: .utf8)
        return Image(name: name, digest: String(meaning.dropFirst(7).prefix(64)), tree: tree, site: self)
    }

    /// What every image has: the attacker at the place where it is on the node, and a directory that the node has too.
    fileprivate func plant(in tree: String) throws {
        for place in ["\(dist)/test", "/usr/bin", "/etc"] { try makeDirectories("\(tree)\(place)") }
        try copyPrograms(from: probe, to: "\(tree)\(probe)")
        for file in ["passwd", "group", "nsswitch.conf"] {
            try Data().write(to: URL(fileURLWithPath: "\(tree)/etc/\(file)"))
        }
    }

    fileprivate func makeDirectories(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    /// Every image's mount, so that nothing holds the suite's files.
    func unmountImages() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(runtime)/images")) ?? [] {
            umount2("\(runtime)/images/\(name)", Int32(MNT_DETACH))
        }
    }
}

extension Stage {
    /// The image in which this attack is tried.
    ///
    /// Where something is to be shown, one of its own, made past `jrun-image`, which would take away setuid bits,
    /// capabilities and device nodes.
    package func image(ownedByRoot: Bool) throws -> Image {
        if visible.isEmpty && beneathPasswd == nil { return try site.commonImage() }
        if let image { return image }
        let name = "stage-\(directory.split(separator: "/").last ?? "")", tree = "\(directory)/tree"
        try site.plant(in: tree)
        for path in visible {
            try site.makeDirectories("\(tree)\(path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex))")
            let copied = try Command(["cp", "--archive", path, "\(tree)\(path)"], environment: [:]).run()
            guard copied.status == 0 else { throw Site.Unusable(description: "no copy of '\(path)': \(copied.stderr)") }
        }
        if let text = beneathPasswd { try write(text, to: "\(tree)/etc/passwd", mode: 0o644) }
        let made = try store(tree, name, ownedByRoot)
        image = made
        onClear { made.remove() }
        return made
    }

    private func store(_ tree: String, _ name: String, _ ownedByRoot: Bool) throws -> Image {
        for place in ["sha256", "names"] { try site.makeDirectories("\(site.images)/\(place)") }
        let file = "\(directory)/image.erofs"
        let words = ["mkfs.erofs", "--quiet", "-T1"] + (ownedByRoot ? ["--all-root"] : []) + [file, tree]
        let made = try Command(words, environment: [:]).run()
        guard made.status == 0 else {
            throw Site.Unusable(description: "mkfs.erofs (Debian: erofs-utils): \(made.stderr)")
        }
        let image = Image(name: name, digest: try Image.digest(of: file), tree: tree, site: site)
        try FileManager.default.moveItem(atPath: file, toPath: image.file)
        try Data("sha256:\(image.digest)\n".utf8).write(to: URL(fileURLWithPath: "\(site.images)/names/\(name)"))
        return image
    }
}
