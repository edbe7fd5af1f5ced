import CLinux

/// A file descriptor that is closed exactly once, when its owner goes.
public struct OwnedFD: ~Copyable, Sendable {
    /// Valid as long as this value lives.
    public let raw: Int32

    public init(taking raw: Int32) { self.raw = raw }

    deinit { _ = sys_close(raw) }

    /// Now, instead of when its owner goes.
    public consuming func close() {}

    /// Another descriptor for the same open file.
    public func duplicate() throws(KernelError) -> OwnedFD {
        try checkFD(sys_fcntl(raw, F_DUPFD_CLOEXEC, 3), "duplicate a descriptor")
    }

    /// Gives the descriptor up to the caller, who closes it.
    public consuming func release() -> Int32 {
        let raw = self.raw
        discard self
        return raw
    }
}

/// Turns a raw system call result into a value or an error; the one place that does.
@discardableResult
public func check(_ result: Int, _ operation: @autoclosure () -> String) throws(KernelError) -> Int {
    if result < 0 { throw KernelError(operation(), errno: Int32(-result)) }
    return result
}

/// The same for calls whose result is a new descriptor.
public func checkFD(_ result: Int, _ operation: @autoclosure () -> String) throws(KernelError) -> OwnedFD {
    OwnedFD(taking: Int32(try check(result, operation())))
}

public func isRoot() -> Bool { sys_geteuid() == 0 }
