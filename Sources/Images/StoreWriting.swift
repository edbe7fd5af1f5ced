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
    /// Makes the store's directories where they are missing.
    public func prepare() throws(KernelError) {
        for directory in ["", "/sha256", "/names"] {
            try FileSystem.makeDirectories(path + directory, mode: 0o755)
        }
        try FileSystem.makeDirectories("\(path)/tmp", mode: 0o700)
    }

    /// A new empty directory in the store, gone with the value.
    public func buildPlace() throws(KernelError) -> BuildPlace {
        try prepare()
        let name = randomBytes(8).map { String($0, radix: 16) }.joined()
        let place = "\(path)/tmp/\(name)"
        try FileSystem.makeDirectory(place, mode: 0o700)
        let lock = try FileSystem.open(place, [.read, .directory])
        try check(sys_flock(lock.raw, LOCK_EX | LOCK_NB), "lock '\(place)'")
        return BuildPlace(path: place, lock: lock)
    }

    /// Puts a finished image into the store and lets its name stand for it. The same bytes may be there already; the
    /// manifest is then that of the later build.
    ///
    /// - Parameters:
    ///   - file: in the store's file system; it is moved.
    ///   - name: nil leaves the image without one.
    public func add(file: String, manifest: ImageManifest, listing: [UInt8], name: String?) throws {
        let digest = manifest.digest
        let json = try manifest.json()
        try locked(exclusive: true) {
            let image = try FileSystem.open(file, .read)
            try FileSystem.changeMode(image.raw, to: 0o444)
            try check(sys_fsync(image.raw), "write '\(file)' to the disk")
            try FileSystem.rename(file, to: imagePath(digest))
            try replace(listingPath(digest), listing, mode: 0o444)
            // The manifest is last: an image that has one is whole.
            try replace(manifestPath(digest), json, mode: 0o444)
            if let name { try replace(namePath(name), Array("\(digest)\n".utf8), mode: 0o644) }
        }
    }

    /// Readers see the old file or the new one.
    private func replace(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(KernelError) {
        let fresh = "\(self.path)/tmp/\(randomBytes(8).map { String($0, radix: 16) }.joined()).new"
        let file = try FileSystem.open(fresh, [.write, .create, .exclusive], mode: mode)
        do throws(KernelError) {
            try FileSystem.write(bytes, to: file.raw, named: fresh)
            try FileSystem.changeMode(file.raw, to: mode)
            try check(sys_fsync(file.raw), "write '\(path)' to the disk")
            try FileSystem.rename(fresh, to: path)
        } catch {
            try? FileSystem.removeFile(fresh)
            throw error
        }
    }
}
