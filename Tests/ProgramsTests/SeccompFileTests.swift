import Testing

@testable import Programs

private let amd64 = SeccompFile.Machine(architecture: .amd64, kernel: (6, 1))

private func file(
    _ top: String = "", _ entries: String = "", on machine: SeccompFile.Machine = amd64
) throws -> SeccompFile {
    let text = "{\"defaultAction\": \"SCMP_ACT_ERRNO\"\(top), \"syscalls\": [\(entries)]}"
    return try SeccompFile.read(Array(text.utf8), named: "f.json", for: machine)
}

private func entry(_ more: String = "", action: String = "SCMP_ACT_ALLOW") -> String {
    "{\"names\": [\"read\"], \"action\": \"\(action)\"\(more)}"
}

@Suite struct SeccompFileTests {
    @Test func actionsAreTaken() throws {
        let text = [("ALLOW", SeccompFile.Answer.allow), ("LOG", .log), ("KILL", .kill), ("KILL_THREAD", .kill)]
        for (name, answer) in text + [("KILL_PROCESS", .kill), ("ERRNO", .error(1))] {
            #expect(try file("", entry(action: "SCMP_ACT_\(name)")).entries.map(\.answer) == [answer])
        }
        #expect(try file("", entry(", \"errnoRet\": 38", action: "SCMP_ACT_ERRNO")).entries[0].answer == .error(38))
        #expect(try file(", \"defaultErrnoRet\": 38").defaultAnswer == .error(38))
        #expect(try file().defaultAnswer == .error(1))
    }

    @Test func comparisonsAreTaken() throws {
        let entry = entry(
            ", \"args\": [{\"index\": 0, \"value\": 18446744073709551615, \"valueTwo\": 3, \"op\": \"SCMP_CMP_MASKED_EQ\"},"
                + "{\"index\": 5, \"value\": 2, \"valueTwo\": 0, \"op\": \"SCMP_CMP_NE\"}]")
        #expect(
            try file("", entry).entries[0].comparisons == [
                .init(argument: 0, operation: .maskedEqual, value: .max, valueTwo: 3),
                .init(argument: 5, operation: .notEqual, value: 2),
            ])
    }

    /// A program has no capabilities, and the machine is one of one kind.
    @Test(arguments: [
        ("", true), (", \"includes\": {\"caps\": [\"CAP_BPF\"]}", false),
        (", \"excludes\": {\"caps\": [\"CAP_BPF\"]}", true),
        (", \"includes\": {\"arches\": [\"arm64\"]}", false),
        (", \"includes\": {\"arches\": [\"amd64\", \"x32\"]}", true),
        (", \"excludes\": {\"arches\": [\"amd64\"]}", false), (", \"excludes\": {\"arches\": [\"s390x\"]}", true),
        (", \"includes\": {\"minKernel\": \"6.1\"}", true), (", \"includes\": {\"minKernel\": \"6.2\"}", false),
        (", \"includes\": {\"minKernel\": \"5.19\"}", true), (", \"excludes\": {\"minKernel\": \"4.8\"}", false),
        (", \"includes\": {}, \"excludes\": {}", true), (", \"includes\": null, \"args\": null", true),
        (", \"includes\": {\"arches\": [\"amd64\"]}, \"excludes\": {\"minKernel\": \"4.8\"}", false),
    ])
    func conditionsDecide(_ condition: String, _ holds: Bool) throws {
        #expect(try file("", entry(condition)).entries.isEmpty != holds)
    }

    @Test func theFileNamesThisMachine() throws {
        let map = { (name: String) in
            ", \"archMap\": [{\"architecture\": \"\(name)\", \"subArchitectures\": [\"SCMP_ARCH_X32\"]}]"
        }
        _ = try file(map("SCMP_ARCH_X86_64"))
        _ = try file(", \"architectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X86_64\"]")
        _ = try file(map("SCMP_ARCH_AARCH64"), on: .init(architecture: .arm64, kernel: (6, 1)))
        #expect(throws: SeccompFileError.self) { try file(map("SCMP_ARCH_AARCH64")) }
    }

    @Test(arguments: [
        ("[", "line 1, column 2: the text ends where a value is expected"),
        ("{\"defaultAction\": 1, \"defaultAction\": 1}", "line 1, column 22: key 'defaultAction' is given twice"),
        ("{}", "$: the required key 'defaultAction' is missing"),
        ("{\"defaultAct\": \"\"}", "$: the key 'defaultAct' is not known here; did you mean 'defaultAction'?"),
    ])
    func whatIsNoFilterIsRefused(_ text: String, _ message: String) {
        #expect(throws: SeccompFileError(file: "f.json", message: message)) {
            try SeccompFile.read(Array(text.utf8), named: "f.json", for: amd64)
        }
    }

    @Test func allowingByDefaultIsRefused() {
        for action in ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"] {
            let text = "{\"defaultAction\": \"\(action)\"}"
            #expect(
                throws: SeccompFileError(
                    file: "f.json",
                    message:
                        "$.defaultAction: every call that the file does not name would be allowed, also those of kernels to come; write SCMP_ACT_ERRNO and name what is allowed"
                )
            ) { try SeccompFile.read(Array(text.utf8), named: "f.json", for: amd64) }
        }
    }

    /// Each says where, and what to do.
    @Test(arguments: [
        (
            "", entry(action: "SCMP_ACT_NOTIFY"),
            "$.syscalls[0].action: SCMP_ACT_NOTIFY hands the call to somebody whom a run does not have; write SCMP_ACT_ERRNO, or SCMP_ACT_KILL_PROCESS to end the run"
        ),
        (
            "", entry(action: "ALLOW"),
            "$.syscalls[0].action: 'ALLOW' is not possible here; allowed: SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_ERRNO, SCMP_ACT_KILL_PROCESS"
        ),
        (
            "", entry(", \"errnoRet\": 1"),
            "$.syscalls[0].errnoRet: means nothing beside 'SCMP_ACT_ALLOW'; leave it out, or write SCMP_ACT_ERRNO"
        ),
        (
            "", entry(", \"errnoRet\": 4096", action: "SCMP_ACT_ERRNO"),
            "$.syscalls[0].errnoRet: expected a whole number from 0 to 4095, found the number 4096"
        ),
        ("", "{\"names\": [], \"action\": \"SCMP_ACT_ALLOW\"}", "$.syscalls[0].names: names no system call"),
        (
            "", "{\"names\": [\"re ad\"], \"action\": \"SCMP_ACT_ALLOW\"}",
            "$.syscalls[0].names[0]: 're ad' is not the name of a system call"
        ),
        (
            "", entry(", \"args\": [{\"index\": 6, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]"),
            "$.syscalls[0].args[0].index: expected a whole number from 0 to 5, found the number 6"
        ),
        (
            "", entry(", \"args\": [{\"index\": 1, \"value\": -1, \"op\": \"SCMP_CMP_EQ\"}]"),
            "$.syscalls[0].args[0].value: expected a whole number from 0 to 18446744073709551615, found the number -1"
        ),
        (
            "", entry(", \"args\": [{\"index\": 1, \"value\": 1, \"valueTwo\": 1, \"op\": \"SCMP_CMP_EQ\"}]"),
            "$.syscalls[0].args[0].valueTwo: means nothing with SCMP_CMP_EQ; leave it out"
        ),
        (
            "",
            entry(
                ", \"args\": [{\"index\": 1, \"value\": 1, \"op\": \"SCMP_CMP_GE\"}, {\"index\": 1, \"value\": 9, \"op\": \"SCMP_CMP_LE\"}]"
            ),
            "$.syscalls[0].args[1]: argument 1 is compared twice; write an entry for each, of which one is enough"
        ),
        (
            "", entry() + ", " + entry(action: "SCMP_ACT_ERRNO"),
            "$.syscalls[1]: 'read' has another action in $.syscalls[0]; give a call one action"
        ),
        (
            ", \"listenerPath\": \"/run/x\"", entry(),
            "$.listenerPath: a filter of a run has no listener but jrun's own; leave the key out"
        ),
        (
            ", \"flags\": [\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]", entry(),
            "$.flags[0]: 'SECCOMP_FILTER_FLAG_SPEC_ALLOW' is not possible here; leave the flag out"
        ),
        (
            ", \"architectures\": [\"SCMP_ARCH_ARM\"]", entry(),
            "$: the file is not for this machine; add SCMP_ARCH_X86_64 to its architectures"
        ),
        (
            "", entry(", \"includes\": {\"minKernel\": \"4\"}"),
            "$.syscalls[0].includes.minKernel: '4' is not a kernel's version; write two numbers, such as \"4.8\""
        ),
    ])
    func whatCannotBeSaidIsRefused(_ top: String, _ entries: String, _ message: String) {
        #expect(throws: SeccompFileError(file: "f.json", message: message)) { try file(top, entries) }
    }

    /// An entry that does not hold here contradicts nothing: Docker's own file answers clone3 twice.
    @Test func whatDoesNotHoldContradictsNothing() throws {
        let both =
            entry(", \"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}") + ", "
            + entry(", \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}", action: "SCMP_ACT_ERRNO")
        #expect(try file("", both).entries.map(\.answer) == [.error(1)])
    }

    @Test func namesAreBounded() {
        let names = repeatElement("\"read\"", count: SeccompFile.maxNames + 1).joined(separator: ",")
        #expect(throws: SeccompFileError.self) {
            try file("", "{\"names\": [\(names)], \"action\": \"SCMP_ACT_ALLOW\"}")
        }
    }
}
