import CLinux

/// A block device whose blocks are those of a file. It is released by the kernel with the last who uses it: a mount, or
/// this value. Source: loop(4), LO_FLAGS_AUTOCLEAR
public struct LoopDevice: ~Copyable {
    public let path: String
    private let device: OwnedFD

    public static let controlPath = "/dev/loop-control"

    /// A node where so many devices in a row are taken in the moment between is broken, not busy.
    private static let mostTries = 16

    /// - Parameter file: a regular file, open for reading. Its bytes are read past the page cache where its file system
    ///   can do that, because they are kept there once already, as files of the file system on the device.
    public init(readOnly file: Int32) throws(KernelError) {
        let control = try FileSystem.open(Self.controlPath, .readWrite)
        // Of ours one at a time, so that only others can be quicker.
        _ = try lock(control.raw, waiting: true)
        for attempt in 0..<Self.mostTries {
            // A free device that somebody holds exclusively is offered again and again; a new one is nobody's.
            let number =
                attempt == 0
                ? try check(sys_ioctl(control.raw, UInt(LOOP_CTL_GET_FREE), nil), "find a free loop device")
                : try check(
                    sys_ioctl(control.raw, UInt(LOOP_CTL_ADD), UnsafeMutableRawPointer(bitPattern: -1)),
                    "make a loop device")
            let path = "/dev/loop\(number)"
            let device = try FileSystem.open(path, .read)
            var configuration = k_loop_config()
            configuration.fd = UInt32(file)
            configuration.lo_flags = UInt32(LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO)
            let result = withUnsafeMutablePointer(to: &configuration) {
                sys_ioctl(device.raw, UInt(LOOP_CONFIGURE), $0)
            }
            if result == Int(-EBUSY) { continue }
            try check(result, "set up '\(path)'")
            self.path = path
            self.device = device
            return
        }
        throw KernelError(
            "find a loop device that nobody else takes, in \(Self.mostTries) tries (losetup -l)", errno: EBUSY)
    }
}
