import Glibc
import Kernel
import Runs

// What of this process comes from the C library: its environment, its own path, its end.

func currentNode() throws -> Node {
    try Node(environment: environmentVariable, executable: executablePath ?? "jrun")
}

/// The node as a launch sees it. An ordinary user's process enters a user namespace for that, and may start again in a
/// scope of its own: called before anything else is done.
func launchingNode() throws -> Node {
    if isRoot() { return try currentNode() }
    let path = executablePath ?? "jrun"
    RootlessCgroup(environment: environmentVariable)
        .restartInScope([path] + CommandLine.arguments.dropFirst()) { setenv("JRUN_SCOPE", "started", 1) }
    let place = try RootlessEntry(environment: environmentVariable).enter()
    return try Node(environment: environmentVariable, executable: path, rootless: place)
}

/// - Parameter isRootless: an ordinary user's own program files count too.
func programLibrary(_ extra: [String], isRootless: Bool = !isRoot()) -> ProgramLibrary {
    ProgramLibrary(
        extra: extra, user: isRootless ? UserPlaces.programs(environmentVariable) : nil,
        executableDirectory: executableDirectory)
}

func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

let executablePath: String? = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let n = readlink("/proc/self/exe", &buffer, buffer.count)
    return n <= 0 ? nil : String(decoding: buffer[..<n].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}()

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

/// Lets single keys be read from the terminal, unseen. Ctrl-C stays a signal.
///
/// - Returns: what `restoreTerminal` puts back; nil when stdin is no terminal.
func singleKeys() -> termios? {
    var settings = termios()
    guard tcgetattr(0, &settings) == 0 else { return nil }
    let before = settings
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(0, TCSAFLUSH, &settings)
    return before
}

func restoreTerminal(_ settings: termios) {
    var settings = settings
    tcsetattr(0, TCSAFLUSH, &settings)
}
