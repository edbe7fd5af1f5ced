import Kernel
import Testing

@testable import Images

/// A store of its own for each test, gone with it.
final class SampleStore: Sendable {
    let store: ImageStore

    init() throws {
        let name = randomBytes(8).map { String($0, radix: 16) }.joined()
        store = ImageStore(path: "/tmp/jrun-images-\(name)")
        try store.prepare()
    }

    deinit {
        guard let directory = try? FileSystem.open(store.path, [.read, .directory]) else { return }
        try? FileSystem.removeHostileContents(of: directory.raw)
        try? FileSystem.removeDirectory(store.path)
    }

    /// What stands for an image's file is its content.
    @discardableResult func add(_ name: String?, _ content: String) throws -> ImageDigest {
        let place = try store.buildPlace()
        let bytes = Array(content.utf8)
        try FileSystem.createFile("\(place.path)/image", bytes)
        let listing = ImageListing([ListingEntry(kind: .directory, mode: 0o755, path: "etc")])
        let manifest = ImageManifest(
            name: name ?? "none", digest: ImageDigest(of: bytes), size: Int64(bytes.count), format: "erofs", entries: 1,
            contentBytes: 0, listing: ImageDigest(of: listing.bytes), recipe: "", source: .init(from: "tar"),
            dropped: [])
        try store.add(file: "image", in: place, manifest: manifest, listing: listing.bytes, name: name)
        return manifest.digest
    }

    func names(in directory: String) throws -> [String] { try store.contents(directory) }
}

@Suite struct ImageStoreTests {
    let sample: SampleStore
    var store: ImageStore { sample.store }

    init() throws { sample = try SampleStore() }

    @Test func aNameMeansWhatWasBuiltLast() throws {
        let first = try sample.add("tools", "one")
        let second = try sample.add("tools", "two")
        #expect(try store.resolve(ImageReference("tools")).digest == second)
        #expect(try store.resolve(ImageReference("tools@\(first)")).digest == first)
        #expect(try store.names().map(\.digest) == [second])
        #expect(try store.images().count == 2)
        #expect(try FileStatus(path: store.imagePath(first)).mode == 0o444)
        #expect(try sample.names(in: "tmp") == [])
    }

    @Test func whatIsNotThereIsNamedWithTheCure() throws {
        let reference = try ImageReference("nothing")
        let empty = #expect(throws: ImageError.self) { try store.resolve(reference) }
        #expect(empty?.description.contains("image 'nothing' is not in the store") == true)
        try sample.add("tools", "one")
        let error = #expect(throws: ImageError.self) { try store.resolve(reference) }
        #expect(error?.description.contains("there are: tools") == true)
        let missing = try ImageReference("tools@\(ImageDigest(of: [0]))")
        #expect(throws: ImageError.self) { try store.resolve(missing) }
    }

    @Test func theManifestIsReadBackAndTwiceTheSame() throws {
        let digest = try sample.add("tools", "one")
        let manifest = try #require(try store.image(digest)).manifest
        #expect(manifest.digest == digest)
        #expect(try ImageManifest(json: manifest.json()) == manifest)
        var later = manifest
        later.schema = 2
        let json = try later.json()
        #expect(throws: ImageError.self) { try ImageManifest(json: json) }
    }

    @Test func verifyingReadsEveryByte() throws {
        let digest = try sample.add("tools", "one")
        try store.verify(digest)
        try FileSystem.createFile(store.imagePath(digest), Array("onf".utf8))
        let error = #expect(throws: ImageError.self) { try store.verify(digest) }
        #expect(error?.description.contains("is damaged: its digest is") == true)
        try FileSystem.createFile(store.imagePath(digest), Array("one".utf8))
        try store.verify(digest)
        try FileSystem.createFile(store.listingPath(digest), Array("d 0755 0 - etd\n".utf8))
        #expect(throws: ImageError.self) { try store.verify(digest) }
    }

    @Test func aDamagedNameIsSaid() throws {
        try sample.add("tools", "one")
        try FileSystem.createFile(store.namePath("tools"), Array("sha256:x\n".utf8))
        let reference = try ImageReference("tools")
        let error = #expect(throws: ImageError.self) { try store.resolve(reference) }
        #expect(error?.description.contains("mends it") == true)
    }

    /// Whoever waits for a build to publish shall wait for names only: the disk has everything before.
    @Test func whatIsBuiltIsOnTheDiskBeforeTheStoreIsLocked() async throws {
        let sample = sample, lock = "\(store.path)/lock"
        let inode = try FileStatus(path: lock).inode
        let reader = try FileSystem.open(lock, .read)
        #expect(try Kernel.lock(reader.raw, shared: true))
        let build = Task.detached { try sample.add("tools", "content") }
        while try !FileSystem.text(of: "/proc/locks").split(separator: "\n")
            .contains(where: { $0.contains("-> FLOCK") && $0.contains(":\(inode) ") })
        { await Task.yield() }
        let place = try #require(try sample.names(in: "tmp").first)
        #expect(try sample.names(in: "tmp/\(place)") == ["image", "listing", "manifest", "name"])
        #expect(try FileStatus(path: "\(store.path)/tmp/\(place)/image").mode == 0o444)
        unlock(reader.raw)
        let digest = try await build.value
        #expect(try store.meaning(of: "tools") == digest)
    }

    @Test func aManifestThatNobodyWouldReadIsRefused() throws {
        let digest = try sample.add("tools", "one")
        var manifest = try #require(try store.image(digest)).manifest
        manifest.recipe = String(repeating: "x", count: ImageManifest.mostBytes)
        let place = try store.buildPlace()
        try FileSystem.createFile("\(place.path)/image", Array("two".utf8))
        manifest.digest = ImageDigest(of: Array("two".utf8))
        let error = #expect(throws: ImageError.self) {
            try store.add(file: "image", in: place, manifest: manifest, listing: [], name: "tools")
        }
        #expect(error?.description.contains("the manifest of image 'tools' has") == true)
        #expect(try store.images() == [digest] && store.meaning(of: "tools") == digest)
    }

    @Test func aDamagedManifestIsSaidWithTheCure() throws {
        let digest = try sample.add("tools", "one")
        try FileSystem.createFile(store.manifestPath(digest), Array("{".utf8))
        let error = #expect(throws: ImageError.self) { try store.image(digest) }
        #expect(error?.description.contains("'\(store.manifestPath(digest))' is damaged: it is no manifest") == true)
        #expect(error?.description.contains("build it anew") == true)
        #expect(try store.allNames() == ["tools"])
    }

    @Test func garbageIsWhatNobodyNamesOrUses() throws {
        let used = try sample.add(nil, "used"), old = try sample.add("tools", "old"),
            new = try sample.add("tools", "new")
        let seen = try store.collectGarbage(dryRun: true) { _ in { $0 == used } }
        #expect(seen.map(\.digest) == [old])
        #expect(seen.map(\.bytes) == [3])
        #expect(try store.images().count == 3)
        #expect(try store.collectGarbage(dryRun: false) { _ in { $0 == used } } == seen)
        #expect(Set(try store.images()) == [used, new])
        #expect(try sample.names(in: "sha256").count == 6)
    }

    @Test func garbageIsWhatADeadBuildLeftButNotALiveOne() throws {
        let place = try store.buildPlace()
        try FileSystem.makeDirectories("\(store.path)/tmp/dead/below", mode: 0o700)
        try FileSystem.createFile("\(store.path)/sha256/\(ImageDigest(of: []).hex).erofs", [])
        let garbage = try store.collectGarbage(dryRun: false) { _ in { _ in false } }
        #expect(garbage.count == 2)
        #expect(try sample.names(in: "tmp").map { "\(store.path)/tmp/\($0)" } == [place.path])
        #expect(try sample.names(in: "sha256") == [])
    }
}
