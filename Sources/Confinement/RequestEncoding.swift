import CPlan
import Programs

// What a process that holds is told: see jrun_request in CPlan.h.

extension AcceptedRequest {
    func argumentList(of program: Program) -> [String] { [program.executable] + arguments }

    var environmentList: [String] { environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }

    /// Arguments and environment for a sandbox of the program that waits.
    public func encoded(for program: Program) throws(LaunchPlan.TooLarge) -> [UInt8] {
        let argv = argumentList(of: program), envp = environmentList
        var offset = MemoryLayout<jrun_request>.size + (argv.count + envp.count + 2) * 8
        var table: [UInt64] = [], texts: [UInt8] = []
        for list in [argv, envp] {
            for text in list {
                table.append(UInt64(offset + texts.count))
                texts += text.utf8
                texts.append(0)
            }
            table.append(0)
        }
        offset += texts.count
        guard offset <= JRUN_REQUEST_MAX_BYTES else { throw LaunchPlan.TooLarge(bytes: offset) }
        let header = jrun_request(
            magic: JRUN_REQUEST_MAGIC, total_bytes: UInt32(offset), argument_count: UInt32(argv.count),
            environment_count: UInt32(envp.count), reserved: 0)
        return withUnsafeBytes(of: header, Array.init) + table.withUnsafeBytes(Array.init) + texts
    }
}
