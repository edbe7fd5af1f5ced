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

/// Counted from 1. `CommandLine.arguments` would repair such bytes without a word.
var firstArgumentThatIsNotUTF8: Int? {
    (1..<max(1, Int(CommandLine.argc))).first { index in
        CommandLine.unsafeArgv[index].map { String(validatingCString: $0) == nil } ?? false
    }
}

/// Ends without running exit handlers, which a one-shot command has none of.
func end(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
}
