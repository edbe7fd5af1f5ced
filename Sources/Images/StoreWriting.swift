import CLinux
import Kernel

/// A directory in the store for what is being made. Held by a lock, so that only what a dead process left is swept.
public struct BuildPlace: ~Copyable {
    public let path: String
    private let lock: OwnedFD

    fileprivate init(path: String, lock: consuming OwnedFD) {
        self.path = path
        self.lock = lock
    }

    deinit {
        try? FileSystem.removeHostileContents(of: lock.raw)
        try? FileSystem.removeDirectory(path)
    }
}

extension ImageStore {
    /// - Throws: `ImageError` with the cure when this user cannot change the store.
    public func checkWritable() throws {
        do throws(KernelError) {
            try prepare()
            for directory in ["sha256", "names", "tmp"] { try checkAccess("\(path)/\(directory)") }
        } catch {
            guard [EACCES, EPERM, EROFS].contains(error.errno) else { throw error }
            throw ImageError(
                "the store '\(path)' cannot be changed: \(describe(errno: error.errno)); use sudo, or a store of your own with --store"
            )
        }
    }

    private func checkAccess(_ path: String) throws(KernelError) {
        try check(sys_faccessat(FileSystem.here, path, 2), "write into '\(path)'")
    }

    /// Makes the store's directories where they are missing.
    public func prepare() throws(KernelError) {
        for directory in ["", "/sha256", "/names"] {
            try FileSystem.makeDirectories(path + directory, mode: 0o755)
        }
        try FileSystem.makeDirectories("\(path)/tmp", mode: 0o700)
        _ = try FileSystem.open("\(path)/lock", [.read, .create], mode: 0o600)
    }

    /// A new empty directory in the store, gone with the value.
    public func buildPlace() throws(KernelError) -> BuildPlace {
        try prepare()
        let name = randomBytes(8).map { String($0, radix: 16) }.joined()
        let place = "\(path)/tmp/\(name)"
        // Until it holds its own lock it looks like what a dead build left.
        let held = try takeLock()
        return try withExtendedLifetime(held) { () throws(KernelError) in
            try FileSystem.makeDirectory(place, mode: 0o700)
            let directory = try FileSystem.open(place, [.read, .directory])
            // Somebody may be looking whether it is held.
            _ = try lock(directory.raw, waiting: true)
            return BuildPlace(path: place, lock: directory)
        }
    }

    /// What the names stood for stays.
    ///
    /// - Throws: `ImageError` for a name that is not there, before any is taken away.
    public func remove(names: [String]) throws {
        try locked(exclusive: true) {
            let known = try allNames()
            for name in names where !known.contains(name) {
                throw ImageError(
                    "the name '\(printable(name))' is not in the store '\(path)'; `jrun-image list` shows them")
            }
            for name in Set(names) { try FileSystem.removeFile(namePath(name)) }
        }
    }

    /// Puts a finished image into the store and lets its name stand for it. The same bytes may be there already; the
    /// manifest is then that of the later build.
    ///
    /// Everything is on the disk before the store is locked: what waits for the lock waits for four renames.
    ///
    /// - Parameters:
    ///   - file: name of the image's file in `place`; it is moved.
    ///   - name: nil leaves the image without one.
    public func add(
        file: String, in place: borrowing BuildPlace, manifest: ImageManifest, listing: [UInt8], name: String?
    ) throws {
        let digest = manifest.digest
        let image = try FileSystem.open("\(place.path)/\(file)", .read)
        try FileSystem.changeMode(image.raw, to: 0o444)
        try check(sys_fsync(image.raw), "write '\(place.path)/\(file)' to the disk")
        // The manifest is last: an image that has one is whole.
        var files = [
            (file, imagePath(digest)), (try place.write("listing", listing, mode: 0o444), listingPath(digest)),
            (try place.write("manifest", manifest.json(), mode: 0o444), manifestPath(digest)),
        ]
        if let name {
            files.append((try place.write("name", Array("\(digest)\n".utf8), mode: 0o644), namePath(name)))
        }
        try locked(exclusive: true) {
            for (file, path) in files { try FileSystem.rename("\(place.path)/\(file)", to: path) }
        }
    }
}

extension BuildPlace {
    /// Writes a file to the disk, so that renaming it is all that is left to do.
    ///
    /// - Returns: its name.
    fileprivate borrowing func write(_ name: String, _ bytes: [UInt8], mode: UInt32) throws(KernelError) -> String {
        let path = "\(path)/\(name)"
        let file = try FileSystem.open(path, [.write, .create, .exclusive], mode: mode)
        try FileSystem.write(bytes, to: file.raw, named: path)
        try FileSystem.changeMode(file.raw, to: mode)
        try check(sys_fsync(file.raw), "write '\(path)' to the disk")
        return name
    }
}
