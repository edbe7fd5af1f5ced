import Glibc

/// What the kernel refused: the object and the operation in words, and its error number.
public struct KernelError: Error, Equatable, CustomStringConvertible {
    /// Verb and object, the object in quotes: `open '/etc/x'`.
    public var operation: String
    /// A positive errno value.
    public var errno: Int32

    public init(_ operation: String, errno: Int32) {
        self.operation = operation
        self.errno = errno
    }

    public var description: String { "\(operation): \(describe(errno: errno))" }
}

/// The result, or nil when what was asked for is not there (ENOENT).
public func ifThere<Value: ~Copyable>(
    _ body: () throws(KernelError) -> Value
) throws(KernelError) -> Value? {
    do throws(KernelError) { return try body() } catch {
        if error.errno == ENOENT { return nil }
        throw error
    }
}

/// `no such file or directory (ENOENT)`
public func describe(errno: Int32) -> String {
    let text = String(cString: strerror(errno))
    let name = errnoName(errno)
    return text.prefix(1).lowercased() + text.dropFirst() + " (\(name))"
}

/// `ENOENT`
public func errnoName(_ errno: Int32) -> String { errnoNames[errno] ?? "errno \(errno)" }

private let errnoNames: [Int32: String] = [
    EPERM: "EPERM", ENOENT: "ENOENT", ESRCH: "ESRCH", EINTR: "EINTR", EIO: "EIO", ENXIO: "ENXIO", E2BIG: "E2BIG",
    ENOEXEC: "ENOEXEC", EBADF: "EBADF", ECHILD: "ECHILD", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES",
    EFAULT: "EFAULT", EBUSY: "EBUSY", EEXIST: "EEXIST", EXDEV: "EXDEV", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR",
    EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE", EMFILE: "EMFILE", ENOTTY: "ENOTTY", ETXTBSY: "ETXTBSY",
    EFBIG: "EFBIG", ENOSPC: "ENOSPC", ESPIPE: "ESPIPE", EROFS: "EROFS", EMLINK: "EMLINK", EPIPE: "EPIPE",
    ENAMETOOLONG: "ENAMETOOLONG", ENOSYS: "ENOSYS", ENOTEMPTY: "ENOTEMPTY", ELOOP: "ELOOP", EOPNOTSUPP: "EOPNOTSUPP",
    EDQUOT: "EDQUOT", EUSERS: "EUSERS", EOVERFLOW: "EOVERFLOW", EADDRINUSE: "EADDRINUSE", ETIMEDOUT: "ETIMEDOUT",
    ECONNREFUSED: "ECONNREFUSED", ECONNRESET: "ECONNRESET", ENOTCONN: "ENOTCONN",
]
