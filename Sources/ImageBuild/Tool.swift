import Glibc
import Images
import Kernel

/// A program of the node that does a part of the work: mkfs.erofs, mmdebstrap, strace.
struct Tool {
    var arguments: [String]
    /// The Debian package that it is in.
    var package: String
    /// A directory for what it says.
    var scratch: String

    private static let passedOn = ["PATH", "HOME", "TMPDIR", "http_proxy", "https_proxy", "no_proxy"]

    /// Waits for its end.
    ///
    /// - Throws: `ImageError` with the last it said.
    func run() throws { try reading { source in while try !source.read(upTo: 1 << 16).isEmpty {} } }

    /// Gives its stdout to `body`; when that throws, the tool is ended.
    func reading(_ body: (any ByteSource) throws -> Void) throws {
        let log = "\(scratch)/log"
        try FileSystem.createFile(log, [])
        let ends = try makePipe()
        let output = OwnedFD(taking: ends.reader), input = OwnedFD(taking: ends.writer)
        let process = try spawn(output: input.raw, log: log)
        input.close()
        let source = EndedSource(FileSource(output))
        do { try body(source) } catch {
            if !source.hasEnded { kill(-process, SIGTERM) }
            let status = wait(for: process)
            // Its own failure is why it gave no more; what was read is only a consequence.
            if source.hasEnded { try check(status, log) }
            throw error
        }
        try check(wait(for: process), log)
    }

    private func check(_ status: Int32, _ log: String) throws(ImageError) {
        guard status != 127 << 8 else {
            throw ImageError("\(quotedName) cannot be started: \(lastWords(log)); install the package '\(package)'")
        }
        guard status == 0 else {
            throw ImageError("\(quotedName) failed (\(words(status))): \(lastWords(log))")
        }
    }

    private var quotedName: String { "'\(arguments[0])'" }

    private func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }

    private func words(_ status: Int32) -> String {
        status & 0x7f == 0 ? "exit code \(status >> 8 & 0xff)" : "signal \(status & 0x7f)"
    }

    private func lastWords(_ log: String) -> String {
        let text =
            (try? FileSystem.contents(of: log, limit: 64 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let lines = text.split(whereSeparator: \.isNewline).map { printable(String($0)) }
        return lines.isEmpty ? "it said nothing" : lines.suffix(4).joined(separator: "; ")
    }

    /// With every signal as usual: what this process ignores or blocks is not the tool's business. In a process group of its
    /// own, which some tools end as a whole; and it ends when we do.
    private func spawn(output: Int32, log: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t(), attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_APPEND, 0)
        var none = sigset_t(), all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var process: pid_t = 0
        let words = ["setpriv", "--pdeathsig", "TERM", "--"] + arguments
        let argv = words.map { strdup($0) } + [nil], envp = environment.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        let result = posix_spawnp(&process, words[0], &actions, &attributes, argv, envp)
        guard result == 0 else {
            throw ImageError(
                "'setpriv' cannot be started: \(describe(errno: result)); install the package 'util-linux'")
        }
        return process
    }

    /// Few things, so that a build does not depend on who makes it.
    private var environment: [String] {
        Self.passedOn.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
            + ["LC_ALL=C.UTF-8", "TZ=UTC", "SOURCE_DATE_EPOCH=1", "DEBIAN_FRONTEND=noninteractive"]
    }
}
