import CLinux

extension FileSystem {
    /// Reads up to `count` bytes from the descriptor's position; empty at the end. EINTR is retried.
    public static func read(_ file: Int32, upTo count: Int) throws(KernelError) -> [UInt8] {
        let (bytes, error) = readBytes(file, count)
        if error != 0 { throw KernelError("read", errno: error) }
        return bytes
    }

    /// Reads up to `count` bytes at `offset`, leaving the descriptor's position alone.
    public static func read(_ file: Int32, from offset: Int64, upTo count: Int) throws(KernelError) -> [UInt8] {
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            result = sys_pread(file, buffer.baseAddress, count, offset)
            initialized = max(result, 0)
        }
        try check(result, "read")
        return bytes
    }

    /// Fills `buffer` as far as one read at `offset` does. - Returns: how many bytes that are; 0 at the end.
    public static func read(
        _ file: Int32, from offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(KernelError) -> Int {
        try check(sys_pread(file, buffer.baseAddress, buffer.count, offset), "read")
    }

    private static func readBytes(_ file: Int32, _ count: Int) -> ([UInt8], Int32) {
        var error: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var n = sys_read(file, buffer.baseAddress, count)
            while n == Int(-EINTR) { n = sys_read(file, buffer.baseAddress, count) }
            if n < 0 { error = Int32(-n) }
            initialized = max(n, 0)
        }
        return (bytes, error)
    }

    /// Reads the whole file; an error when it is larger than `limit` bytes.
    public static func contents(
        of path: String, at directory: Int32 = here, limit: Int = 16 << 20
    ) throws(KernelError) -> [UInt8] {
        let file = try open(path, .read, at: directory)
        return try contents(of: file.raw, named: path, limit: limit)
    }

    public static func contents(of file: Int32, named name: String, limit: Int) throws(KernelError) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            // Most files are small, and for large blocks the C library asks the kernel each time.
            let (chunk, error) = readBytes(file, min(all.isEmpty ? 8192 : 65536, limit + 1))
            if error != 0 { throw KernelError("read '\(name)'", errno: error) }
            if chunk.isEmpty { return all }
            if all.isEmpty { all = chunk } else { all += chunk }
            if all.count > limit { throw KernelError("read '\(name)'", errno: EFBIG) }
        }
    }

    public static func text(of path: String, at directory: Int32 = here) throws(KernelError) -> String {
        String(decoding: try contents(of: path, at: directory), as: UTF8.self)
    }

    /// Writes all bytes, however many calls it takes.
    public static func write(_ bytes: some Collection<UInt8>, to file: Int32, named name: String) throws(KernelError) {
        let error = Array(bytes).withUnsafeBytes { (buffer) -> Int32 in
            var done = 0
            while done < buffer.count {
                let n = sys_write(file, buffer.baseAddress! + done, buffer.count - done)
                if n == Int(-EINTR) { continue }
                if n < 0 { return Int32(-n) }
                done += n
            }
            return 0
        }
        if error != 0 { throw KernelError("write '\(name)'", errno: error) }
    }

    public static func write(_ text: String, toPath path: String, at directory: Int32 = here) throws(KernelError) {
        let file = try open(path, .write, at: directory)
        try write(text.utf8, to: file.raw, named: path)
    }

    public static func createFile(
        _ path: String, _ bytes: some Collection<UInt8>, mode: UInt32 = 0o600, at directory: Int32 = here
    ) throws(KernelError) {
        let file = try open(path, [.write, .create, .truncate], mode: mode, at: directory)
        try write(bytes, to: file.raw, named: path)
    }

    /// A name in a directory, and what it is; `unknown` where the file system does not say so.
    public struct Entry: Sendable {
        public var name: [UInt8]
        public var kind: FileStatus.Kind
    }

    /// The names in an open directory, without `.` and `..`, at most `limit` of them; in the file system's order.
    public static func names(in directory: Int32, limit: Int = .max) throws(KernelError) -> [[UInt8]] {
        try entries(in: directory, limit: limit).map(\.name)
    }

    public static func entries(in directory: Int32, limit: Int = .max) throws(KernelError) -> [Entry] {
        var entries: [Entry] = []
        var error: Int32 = 0
        try rewind(directory)
        withUnsafeTemporaryAllocation(byteCount: 32768, alignment: 8) { buffer in
            while entries.count < limit {
                let n = sys_getdents64(directory, buffer.baseAddress, buffer.count)
                if n < 0 { error = Int32(-n) }
                if n <= 0 { return }
                append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<n]), to: &entries)
            }
        }
        if error != 0 { throw KernelError("list a directory", errno: error) }
        return entries.count > limit ? Array(entries.prefix(limit)) : entries
    }

    /// The names in a directory, or nil when it is not there.
    public static func names(inDirectory path: String) throws(KernelError) -> [[UInt8]]? {
        try ifThere { () throws(KernelError) in
            let directory = try open(path, [.read, .directory])
            return try names(in: directory.raw)
        }
    }

    /// The next names are the first again.
    public static func rewind(_ directory: Int32) throws(KernelError) {
        try check(sys_lseek(directory, 0, SEEK_SET), "rewind a directory")
    }

    /// The next few names, from where the last call stopped; empty at the end. For directories of any size.
    public static func nextNames(in directory: Int32) throws(KernelError) -> [[UInt8]] {
        var entries: [Entry] = []
        var result = 1
        withUnsafeTemporaryAllocation(byteCount: 32768, alignment: 8) { buffer in
            // A buffer may hold nothing but the directory itself and its parent.
            while entries.isEmpty && result > 0 {
                result = sys_getdents64(directory, buffer.baseAddress, buffer.count)
                guard result > 0 else { return }
                append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<result]), to: &entries)
            }
        }
        try check(result, "list a directory")
        return entries.map(\.name)
    }

    private static func append(_ records: UnsafeRawBufferPointer, to entries: inout [Entry]) {
        var at = 0
        while at < records.count {
            let length = Int(records.loadUnaligned(fromByteOffset: at + 16, as: UInt16.self))
            let name = Array(records[(at + Int(DIRENT64_NAME_OFFSET))..<(at + length)].prefix { $0 != 0 })
            if name != [0x2e] && name != [0x2e, 0x2e] {
                entries.append(Entry(name: name, kind: FileStatus.Kind(directoryEntry: records[at + 18])))
            }
            at += length
        }
    }
}

extension FileStatus.Kind {
    /// `d_type` of a directory's entry. Source: readdir(3).
    fileprivate init(directoryEntry type: UInt8) {
        switch Int32(type) {
        case DT_REG: self = .file
        case DT_DIR: self = .directory
        case DT_LNK: self = .link
        case DT_FIFO: self = .fifo
        case DT_SOCK: self = .socket
        case DT_CHR: self = .characterDevice
        case DT_BLK: self = .blockDevice
        default: self = .unknown
        }
    }
}

extension FileSystem {
    public static func truncate(_ file: Int32, to size: Int64) throws(KernelError) {
        try check(sys_ftruncate(file, size), "set the size of a file")
    }

    /// Where the next data begins at or behind `offset`; nil when only a hole follows. Source: lseek(2), SEEK_DATA.
    public static func nextData(in file: Int32, from offset: Int64) -> Int64? {
        let at = sys_lseek(file, offset, SEEK_DATA)
        return at < 0 ? nil : Int64(at)
    }

    public static func nextHole(in file: Int32, from offset: Int64) -> Int64? {
        let at = sys_lseek(file, offset, SEEK_HOLE)
        return at < 0 ? nil : Int64(at)
    }

    public static func write(_ bytes: ArraySlice<UInt8>, to file: Int32, at offset: Int64) throws(KernelError) {
        var error: KernelError?
        bytes.withUnsafeBytes { buffer in
            do throws(KernelError) { try write(buffer, to: file, at: offset) } catch let caught { error = caught }
        }
        if let error { throw error }
    }

    public static func write(_ bytes: [UInt8], to file: Int32, at offset: Int64) throws(KernelError) {
        try write(bytes[...], to: file, at: offset)
    }

    public static func write(
        _ bytes: UnsafeRawBufferPointer, to file: Int32, at offset: Int64
    ) throws(KernelError) {
        var done = 0
        while done < bytes.count {
            let n = sys_pwrite(file, bytes.baseAddress! + done, bytes.count - done, offset + Int64(done))
            if n == Int(-EINTR) { continue }
            done += try check(n, "write")
        }
    }
}

extension FileSystem {
    /// Removes everything in an open directory, following nothing.
    ///
    /// - Parameter depth: levels of directories it goes down; ELOOP beyond.
    public static func removeContents(of directory: Int32, depth: Int = 64) throws(KernelError) {
        for bytes in try names(in: directory) {
            let name = String(decoding: bytes, as: UTF8.self)
            let result = sys_unlinkat(directory, name, 0)
            if result >= 0 { continue }
            guard result == Int(-EISDIR) else { throw KernelError("remove '\(name)'", errno: Int32(-result)) }
            if depth == 0 { throw KernelError("remove '\(name)'", errno: ELOOP) }
            let child = try openBeneath(directory, name, [.read, .directory])
            try removeContents(of: child.raw, depth: depth - 1)
            try removeDirectory(name, at: directory)
        }
    }

    /// Makes sure that 0, 1 and 2 are open: whatever is opened first would become a standard stream otherwise.
    public static func ensureStandardStreams() {
        for stream: Int32 in 0...2 where sys_fcntl(stream, F_GETFL, 0) == Int(-EBADF) {
            // The lowest free number is this one.
            _ = sys_openat(here, "/dev/null", stream == 0 ? O_RDONLY : O_WRONLY, 0)
        }
    }
}

extension StringProtocol {
    /// What stands between the slashes, as the kernel sees it: for Swift a slash with a combining mark behind it is another
    /// character, and none.
    public var pathComponents: [String] {
        utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    }
}
