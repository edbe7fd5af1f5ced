import Images
import Kernel
import Testing

@testable import ImageBuild

/// A layout that is written by hand, so that it may be wrong.
private struct LayoutSample {
    var layers: [[UInt8]]
    var layerType = "application/vnd.oci.image.layer.v1.tar"
    var isPacked = false
    var tag = "latest"
    /// Digests of the unpacked layers, when they are not to be right.
    var contents: [String]?
    /// Within an index for several platforms.
    var isNested = false
    var size: Int64?

    func write(to scratch: Scratch, _ name: String) throws -> String {
        func blob(_ bytes: [UInt8], _ type: String, size: Int64? = nil) throws -> OCIDescriptor {
            let digest = ImageDigest(of: bytes)
            try scratch.file("\(name)/blobs/sha256/\(digest.hex)", bytes)
            return OCIDescriptor(mediaType: type, digest: digest.description, size: size ?? Int64(bytes.count))
        }
        let layers = try self.layers.map {
            try blob(isPacked ? gzip($0) : $0, isPacked ? layerType + "+gzip" : layerType, size: size)
        }
        let digests = contents ?? self.layers.map { ImageDigest(of: $0).description }
        let config = OCIConfig(architecture: "x", os: "linux", rootfs: .init(diffIDs: digests))
        let manifest = OCIManifest(config: try blob(imageJSON(config), "config"), layers: layers)
        var top = try blob(imageJSON(manifest), OCILayout.manifestTypes[0])
        if isNested {
            var other = top
            (other.platform, top.platform) = (
                .init(architecture: "s390x", os: "linux"), .init(architecture: OCILayout.architecture, os: "linux")
            )
            other.digest = ImageDigest(of: [9]).description
            top = try blob(imageJSON(OCIIndex(manifests: [other, top])), OCILayout.indexTypes[0])
        }
        top.annotations = [OCIDescriptor.referenceName: tag]
        try scratch.file("\(name)/index.json", imageJSON(OCIIndex(manifests: [top])))
        try scratch.file("\(name)/oci-layout", Array("{}".utf8))
        return "\(scratch.path)/\(name)"
    }
}

@Suite struct OCITests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func refusal(_ path: String, _ reference: String? = nil) throws -> String {
        let staging = try scratch.staging()
        do { _ = try staging.addOCI(path: path, reference: reference, scratch: scratch.path) } catch let error
            as ImageError
        {
            return error.description
        }
        return "accepted"
    }

    private static let layer = tar([TarSample(name: "a", content: "lower"), TarSample(name: "d/b")])

    @Test(arguments: [false, true], [false, true])
    func layersAreAppliedInTheirOrder(isPacked: Bool, isNested: Bool) throws {
        let upper = tar([TarSample(name: "a", content: "upper layer"), TarSample(name: "d/c")])
        let sample = LayoutSample(layers: [Self.layer, upper], isPacked: isPacked, isNested: isNested)
        let path = try sample.write(to: scratch, "layout")
        let staging = try scratch.staging()
        let source = try staging.addOCI(path: path, reference: "latest", scratch: scratch.path)
        #expect(source.layers?.count == 2 && source.manifest?.hasPrefix("sha256:") == true)
        let entries = try staging.finish(remove: []).entries
        #expect(entries.first { $0.path == "a" }?.size == 11)
        #expect(entries.map(\.path).filter { $0.hasPrefix("d/") } == ["d/b", "d/c"])
    }

    @Test func whatIsNotWhatItsDigestNames() throws {
        let path = try LayoutSample(layers: [Self.layer]).write(to: scratch, "layout")
        let blob = "layout/blobs/sha256/\(ImageDigest(of: Self.layer).hex)"
        var changed = Self.layer
        changed[600] ^= 1
        try scratch.file(blob, changed)
        #expect(try refusal(path).contains("blob \(ImageDigest(of: Self.layer))"))
        #expect(try refusal(path).contains("is not what it is named: digest \(ImageDigest(of: changed))"))
        try scratch.file(blob, Self.layer)
        #expect(try refusal(path) == "accepted")
        try FileSystem.removeFile("\(scratch.path)/\(blob)")
        #expect(try refusal(path).contains("misses the blob"))
    }

    @Test func whatDoesNotFit() throws {
        let size = LayoutSample(layers: [Self.layer], size: 10)
        #expect(try refusal(size.write(to: scratch, "size")).contains("is not what it is named"))
        let content = LayoutSample(layers: [Self.layer], isPacked: true, contents: [ImageDigest(of: [1]).description])
        #expect(try refusal(content.write(to: scratch, "content")).contains("diff_id"))
        let count = LayoutSample(layers: [Self.layer], contents: [])
        #expect(try refusal(count.write(to: scratch, "count")).contains("has 1 layers and 0 diff_ids"))
        let zstd = LayoutSample(layers: [Self.layer], layerType: "application/vnd.oci.image.layer.v1.tar+zstd")
        #expect(try refusal(zstd.write(to: scratch, "zstd")).contains("--dest-compress-format gzip"))
        let path = try LayoutSample(layers: [Self.layer]).write(to: scratch, "tag")
        #expect(try refusal(path, "other").contains("has no image 'other'; there are: 'latest'"))
        #expect(try refusal("\(scratch.path)/nowhere").contains("ENOENT"))
        try FileSystem.makeDirectory("\(scratch.path)/empty", mode: 0o755)
        #expect(try refusal("\(scratch.path)/empty").contains("is no OCI layout"))
        try scratch.file("tag/index.json", Array("{\"manifests\": 3}".utf8))
        #expect(try refusal(path).contains("index.json: is no document"))
    }

    /// A directory that is somebody else's may change between one look and the next: what is used is what was compared.
    @Test(.timeLimit(.minutes(1))) func aDocumentThatChangesIsNeverUsed() async throws {
        let path = try LayoutSample(layers: [Self.layer]).write(to: scratch, "layout")
        let layout = try OCILayout(path: path, name: "layout")
        let (manifest, digest) = try layout.manifest(nil)
        let blob = "\(path)/blobs/sha256/\(digest.dropFirst(7))"
        let honest = try FileSystem.contents(of: blob)
        var other = manifest
        other.layers[0].size += 1
        let forged = try imageJSON(other)
        #expect(forged.count == honest.count)
        let changing = Task.detached {
            let file = try FileSystem.open(blob, .write)
            while !Task.isCancelled {
                try FileSystem.write(forged, to: file.raw, at: 0)
                try FileSystem.write(honest, to: file.raw, at: 0)
                await Task.yield()
            }
        }
        var refused = 0
        while refused < 500 {
            do { #expect(try layout.manifest(nil).manifest.layers == manifest.layers) } catch { refused += 1 }
            await Task.yield()
        }
        changing.cancel()
        try await changing.value
    }

    @Test func aBlobThatIsALinkIsNotFollowed() throws {
        let path = try LayoutSample(layers: [Self.layer]).write(to: scratch, "layout")
        let blob = "\(path)/blobs/sha256/\(ImageDigest(of: Self.layer).hex)"
        try FileSystem.rename(blob, to: "\(scratch.path)/elsewhere")
        let staging = try Staging(path: "\(path)/blobs/sha256", limits: .init())
        let name = Array(ImageDigest(of: Self.layer).hex.utf8)
        try staging.add(SourceEntry(name: name, kind: .link(target: Array("x".utf8)), mode: 0o777))
        #expect(try refusal(path).contains("ELOOP"))
    }

    @Test func hostileLayersAreNamedWithTheirLayer() throws {
        let bad = tar([TarSample(name: "x/mem", type: "3")])
        let message = try refusal(LayoutSample(layers: [Self.layer, bad]).write(to: scratch, "layout"))
        #expect(message.contains("layer '\(ImageDigest(of: bad))': 'x/mem': a device node"))
    }
}

@Suite struct WhiteoutTests {
    let scratch: Scratch
    let staging: Staging

    init() throws {
        scratch = try Scratch()
        staging = try scratch.staging()
        try layer([
            TarSample(name: "a/x"), TarSample(name: "a/y"), TarSample(name: "a/sub/z"), TarSample(name: "b"),
            .directory("usr/lib"), TarSample(name: "usr/lib/l"), .link("lib", "usr/lib"),
        ])
    }

    private func layer(_ entries: [TarSample]) throws { try staging.applyLayer(Pieces(tar(entries))) }

    private var paths: [String] {
        get throws {
            try staging.finish(remove: []).entries.map(\.path).filter { !$0.hasPrefix("etc") && !$0.hasPrefix("usr/") }
        }
    }

    @Test func aWhiteoutTakesAwayWhatIsBelow() throws {
        try layer([TarSample(name: ".wh.b"), TarSample(name: "a/.wh.sub"), TarSample(name: "a/.wh.never-there")])
        #expect(try paths == ["a", "a/x", "a/y", "lib", "usr"])
    }

    @Test func aWhiteoutLeavesWhatItsOwnLayerWrote() throws {
        try layer([
            TarSample(name: "b", content: "new"), TarSample(name: ".wh.b"), TarSample(name: ".wh.a"),
            TarSample(name: "a/new"),
        ])
        #expect(try paths == ["a", "a/new", "b", "lib", "usr"])
    }

    @Test(arguments: [true, false])
    func anOpaqueDirectoryShowsNothingFromBelow(isFirst: Bool) throws {
        let opaque = [TarSample(name: "a/.wh..wh..opq")]
        let own = [TarSample(name: "a/new"), TarSample(name: "a/sub/deep/new")]
        try layer(isFirst ? opaque + own : own + opaque)
        #expect(try paths == ["a", "a/new", "a/sub", "a/sub/deep", "a/sub/deep/new", "b", "lib", "usr"])
    }

    @Test func aWhiteoutGoesThroughALinkInsideOnly() throws {
        try layer([TarSample(name: "lib/.wh.l")])
        #expect(try !staging.finish(remove: []).entries.contains { $0.path == "usr/lib/l" })
    }

    @Test(arguments: [".wh...", ".wh..", ".wh.", "a/.wh...", ".wh..wh.plnk", ".wh..wh..opq2"])
    func aWhiteoutThatPointsElsewhere(name: String) throws {
        let error = #expect(throws: ImageError.self) { try layer([TarSample(name: name)]) }
        #expect(error?.description.contains("'\(name)'") == true)
    }

    @Test func kindsReplaceEachOther() throws {
        try layer([
            TarSample(name: "a", content: "file now"), .directory("b"), .directory("lib"), TarSample(name: "lib/own"),
        ])
        #expect(try paths == ["a", "b", "lib", "lib/own", "usr"])
    }
}
