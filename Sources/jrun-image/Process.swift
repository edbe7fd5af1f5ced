import Glibc
import Images
import Kernel

// What of this process comes from the C library: its environment and its end.

func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// A line on stderr for each of the message's, whatever is in it.
func complain(_ message: String) {
    for line in message.split(whereSeparator: \.isNewline) {
        try? FileSystem.write("jrun-image: \(printable(String(line)))\n".utf8, to: 2, named: "stderr")
    }
}

func end(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
}

/// Becomes another program.
///
/// - Returns: only when that failed, why.
func become(_ arguments: [String]) -> String {
    let argv = arguments.map { strdup($0) } + [nil]
    execvp(arguments[0], argv)
    return String(cString: strerror(errno))
}
