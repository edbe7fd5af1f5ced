import Glibc
import Runs

// What of this process comes from the C library: its environment, its own path, its end.

func currentNode() throws -> Node {
    try Node(environment: { getenv($0).map { String(cString: $0) } }, executable: executablePath ?? "jrun")
}

var executablePath: String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let n = readlink("/proc/self/exe", &buffer, buffer.count)
    return n <= 0 ? nil : String(decoding: buffer[..<n].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

var executableDirectory: String? {
    executablePath.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
}

/// Ends without running exit handlers, which a one-shot command has none of.
func end(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
}
