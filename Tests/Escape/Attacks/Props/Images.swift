// What attacks on root images are after. Where the confiner has none, the node has something like it.

import Foundation
import Glibc
import TestSupport

extension Prop {
    /// `{image-file}`: the file of the image that the program runs in; `{image-mount}`: where the node has it mounted.
    package static let storedImage = Prop { stage in
        if let confiner = stage.confiner as? JrunImage {
            let image = try stage.image(ownedByRoot: confiner.isWritable)
            (stage.facts["image-file"], stage.facts["image-mount"]) = (image.file, image.mountPoint)
            return
        }
        let path = "\(stage.directory)/image"
        try stage.write(stage.secret, to: path, mode: 0o444)
        (stage.facts["image-file"], stage.facts["image-mount"]) = (path, try stage.makeDirectory("mount"))
        try FileManager.default.createDirectory(
            atPath: "\(stage.directory)/mount\(stage.site.dist)/test", withIntermediateDirectories: true)
        try copyPrograms(from: stage.site.probe, to: "\(stage.directory)/mount\(stage.site.probe)")
        // As jrun's own.
        chmod("\(stage.directory)/mount", 0o700)
    }

    /// `{loop}`: a loop device of the node over a file with the secret; `{loop-minor}`: its number.
    package static let loopDevice = Prop { stage in
        let file = "\(stage.directory)/blocks"
        try stage.write(stage.secret, to: file, mode: 0o644)
        truncate(file, 1 << 20)
        let device = try stage.mustRun(["losetup", "--read-only", "--find", "--show", file])
        stage.facts["loop"] = device
        stage.facts["loop-minor"] = String(device.dropFirst("/dev/loop".count))
        stage.onClear { _ = try? Command(["losetup", "--detach", device], environment: [:]).run() }
    }

    /// `{shown-device}`: a device node for everybody in `{shown-directory}`. Needs `.shownFile`.
    package static let shownDevice = Prop { stage in
        let path = "\(try stage.fill("{shown-directory}")[0])/device"
        guard mknod(path, S_IFCHR | 0o666, 1 << 8 | 11) == 0, chmod(path, 0o666) == 0 else {
            throw Site.Unusable(description: "no device node at '\(path)'")
        }
        stage.facts["shown-device"] = path
    }

    /// `{covered}`, which is `{covered-name}` in `{covered-directory}`: a file with another one mounted over it. The secret
    /// is in what lies beneath.
    package static let coveredFile = Prop { stage in
        if stage.confiner is JrunImage {
            stage.beneathPasswd = stage.secret
            stage.facts.merge(["covered": "/etc/passwd", "covered-directory": "/etc", "covered-name": "passwd"]) { $1 }
            return
        }
        let directory = try stage.makeDirectory("covered")
        try stage.write(stage.secret, to: "\(directory)/file", mode: 0o644)
        try stage.write("cover", to: "\(stage.directory)/cover", mode: 0o644)
        stage.facts.merge(
            ["covered": "\(directory)/file", "covered-directory": directory, "covered-name": "file"]) { $1 }
        // A mount that can be copied as such, as an image is one.
        try stage.mount(["--bind", directory], at: directory)
        try stage.mount(["--bind", "\(stage.directory)/cover"], at: "\(directory)/file")
    }

    /// `{mounted}`: a read-only mount; in an image, one of those that show it.
    package static let readOnlyMount = Prop { stage in
        if stage.confiner is JrunImage {
            stage.facts["mounted"] = "/usr"
            return
        }
        let place = try stage.makeDirectory("mounted")
        try stage.mount(["--bind", "--read-only", place], at: place)
        stage.facts["mounted"] = place
    }

    /// `{overlay}`: where an overlay is mounted, and the beginning of no other mount point; in an image, of all.
    package static let overlay = Prop { stage in
        if stage.confiner is JrunImage {
            stage.facts["overlay"] = "/"
            return
        }
        let layers = try ["lower", "upper", "work"].map { try stage.makeDirectory("layers-\($0)") }
        let place = try stage.makeDirectory("overlay")
        // What is no overlay itself, as the root of a container is one, can be a layer.
        let options = "lowerdir=\(layers[0])"
        try stage.mount(["-t", "tmpfs", "tmpfs"], at: layers[1])
        let upper = ["upper", "work"].map { "\(layers[1])/\($0)" }
        for path in upper { mkdir(path, 0o755) }
        try stage.mount(
            ["-t", "overlay", "overlay", "-o", "\(options),upperdir=\(upper[0]),workdir=\(upper[1])"], at: place)
        stage.facts["overlay"] = place
    }
}

extension Stage {
    /// The first line of what a command of the node prints.
    fileprivate func mustRun(_ words: [String]) throws -> String {
        let ended = try Command(words, environment: [:]).run()
        guard ended.status == 0 else {
            throw Site.Unusable(description: "\(words.joined(separator: " ")): \(ended.stderr)")
        }
        return ended.text.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// On the node, until the stage is cleared.
    fileprivate func mount(_ words: [String], at place: String) throws {
        _ = try mustRun(["mount"] + words + [place])
        onClear { umount2(place, Int32(MNT_DETACH)) }
    }
}
