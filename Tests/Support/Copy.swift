/// Copies a program, or a directory of programs, that is executed afterwards.
///
/// Not by this process: while it has the copy open for writing, another test may start something that lives long, which then
/// inherits the descriptor, and the copy stays "text file busy" (ETXTBSY, execve(2)) for as long as that lives.
package func copyPrograms(from source: String, to target: String) throws {
    var command = Command(["cp", "-RLp", "--", source, target])
    command.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    let ended = try command.run()
    guard ended.status == 0 else { throw ChildError(description: "no copy of '\(source)': \(ended.stderr)") }
}
