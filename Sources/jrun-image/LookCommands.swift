import ArgumentParser
import ImageBuild
import Images

/// One line of the list.
private struct ListedImage: Encodable {
    var name: String?
    var digest: ImageDigest?
    var size: Int64?
    var from: String?
    /// Why nothing more is known.
    var error: String?
}

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "What names stand for, and the images without a name.",
        discussion: "Damaged ones are named on stderr, and the exit code is 125.")

    @OptionGroup var storage: StoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run() throws {
        let store = try storage.existing
        let listed = try store.locked {
            var listed = try store.allNames().map { named($0, in: store) }
            let digests = Set(listed.compactMap(\.digest))
            listed += try store.images().filter { !digests.contains($0) }.map { image($0, name: nil, in: store) }
            return listed
        }
        let shown = listed.filter { $0.error == nil }
        let width = shown.map { $0.name?.utf8.count ?? 1 }.max() ?? 0
        try output.print(listed) { shown.map { line($0, width) }.joined() }
        let errors = listed.compactMap(\.error)
        for error in errors { complain(error) }
        if !errors.isEmpty { throw ExitCode(125) }
    }

    private func named(_ name: String, in store: ImageStore) -> ListedImage {
        do {
            guard let digest = try store.meaning(of: name) else {
                throw ImageError("the name '\(name)' has gone meanwhile; look again")
            }
            return image(digest, name: name, in: store)
        } catch { return ListedImage(name: name, error: "\(error)") }
    }

    private func image(_ digest: ImageDigest, name: String?, in store: ImageStore) -> ListedImage {
        var listed = ListedImage(name: name, digest: digest)
        do {
            guard let image = try store.image(digest) else {
                let object = name.map { "the name '\($0)' stands for image \(digest)" } ?? "image \(digest)"
                throw ImageError("\(object), which is not in the store; `jrun-image build` makes it anew")
            }
            listed.size = image.manifest.size
            listed.from = image.manifest.source.from
        } catch { listed.error = "\(error)" }
        return listed
    }

    private func line(_ image: ListedImage, _ width: Int) -> String {
        let name = image.name ?? "-"
        let padding = String(repeating: " ", count: width - name.utf8.count)
        let digest = image.digest?.description ?? ""
        return "\(name)\(padding)  \(digest)  \(image.from ?? "")  \(bytesInWords(image.size ?? 0))\n"
    }
}

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "What is known of an image.")

    @Argument(help: "NAME or NAME@sha256:HEX.")
    var image: String

    @Flag(name: .long, help: "Print the listing instead: every file, with its digest.")
    var files = false

    @OptionGroup var storage: StoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run() throws {
        let store = storage.opened
        let reference = try ImageReference(image)
        let (found, listing) = try store.locked {
            let found = try store.resolve(reference)
            return (found, files ? try store.listing(found.digest) : ImageListing([]))
        }
        if files { return try output.print(listing.entries) { String(decoding: listing.bytes, as: UTF8.self) } }
        try output.print(found.manifest) { text(found.manifest, as: reference) }
    }

    private func text(_ manifest: ImageManifest, as reference: ImageReference) -> String {
        let source = manifest.source
        var lines = [
            // Its last build may have had another name.
            "image     \(reference.name)\(manifest.name == reference.name ? "" : ", built as \(manifest.name)")",
            "digest    \(manifest.digest)",
            "file      \(bytesInWords(manifest.size)), \(manifest.format)",
            "content   \(manifest.entries) entries, \(bytesInWords(manifest.contentBytes))", "from      \(source.from)",
        ]
        if let suite = source.suite { lines.append("suite     \(suite) of \(source.mirror ?? "")") }
        if let digest = source.manifest ?? source.archive { lines.append("source    \(digest)") }
        lines += (source.layers ?? []).map { "layer     \($0)" }
        lines += (source.packages ?? []).map { "package   \($0.name) \($0.version) \($0.architecture)" }
        lines += (source.hostFiles ?? []).map { "file      \($0)" }
        lines += manifest.dropped.map { "dropped   \($0.what): \($0.path)" }
        if let more = manifest.moreDropped { lines.append("dropped   and \(more) more") }
        return lines.joined(separator: "\n") + "\n"
    }
}

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare every byte of images with what their manifests say.")

    @Argument(help: "NAME or NAME@sha256:HEX; all images when none is given.")
    var images: [String] = []

    @OptionGroup var storage: StoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run() throws {
        let store = try storage.existing
        let references = try images.map { try ImageReference($0) }
        let results = try store.locked {
            let digests =
                images.isEmpty
                // With those that are only named: what has lost its manifest is no image any more.
                ? Set(try store.images()).union(try store.names().map(\.digest)).sorted { $0.hex < $1.hex }
                : try references.map { try store.resolve($0).digest }
            return digests.map { digest -> [String: String] in
                do {
                    try store.verify(digest)
                    return ["digest": digest.description, "result": "ok"]
                } catch { return ["digest": digest.description, "result": "\(error)"] }
            }
        }
        try output.print(results) {
            results.map { "\($0["digest"] ?? "")  \($0["result"] ?? "")\n" }.joined()
        }
        if results.contains(where: { $0["result"] != "ok" }) { throw ExitCode(125) }
    }
}

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What the second image has that the first has not, and the other way.")

    @Argument(help: "NAME or NAME@sha256:HEX.")
    var old: String

    @Argument(help: "NAME or NAME@sha256:HEX.")
    var new: String

    @OptionGroup var storage: StoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run() throws {
        let store = storage.opened
        let references = [try ImageReference(old), try ImageReference(new)]
        let listings = try store.locked {
            try references.map { try store.listing(store.resolve($0).digest) }
        }
        let difference = ListingDifference(from: listings[0], to: listings[1])
        try output.print(difference) {
            difference.removed.map { "- \(printable($0.path)) (\(bytesInWords($0.size)))\n" }.joined()
                + difference.added.map { "+ \(printable($0.path)) (\(bytesInWords($0.size)))\n" }.joined()
                + difference.changed.map { change in
                    let sizes = change.sizes.map(bytesInWords).joined(separator: " to ")
                    return "~ \(printable(change.path)) (\(change.what.joined(separator: ", ")); \(sizes))\n"
                }
                .joined()
        }
    }
}
