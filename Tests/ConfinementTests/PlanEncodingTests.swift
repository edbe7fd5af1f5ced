import CPlan
import Programs
import Testing

@testable import Confinement

/// The bytes of a plan, read as jrun-init reads them: see CPlan.h.
private struct DecodedPlan {
    let bytes: [UInt8]
    let header: jrun_plan_header
    let steps: [jrun_step]
    let data: [UInt8]

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        let headerBytes = MemoryLayout<jrun_plan_header>.size, stepBytes = MemoryLayout<jrun_step>.stride
        try #require(bytes.count >= headerBytes)
        let header = bytes.withUnsafeBytes { $0.loadUnaligned(as: jrun_plan_header.self) }
        self.header = header
        try #require(Int(header.data_offset) == headerBytes + Int(header.step_count) * stepBytes)
        try #require(Int(header.data_offset) + Int(header.data_bytes) == bytes.count)
        steps = bytes.withUnsafeBytes { raw in
            (0..<Int(header.step_count)).map {
                raw.loadUnaligned(fromByteOffset: headerBytes + $0 * stepBytes, as: jrun_step.self)
            }
        }
        data = Array(bytes[Int(header.data_offset)...])
    }

    func text(_ offset: UInt32) -> String { String(decoding: data[Int(offset)...].prefix { $0 != 0 }, as: UTF8.self) }

    func blob(_ step: jrun_step) -> [UInt8] { Array(data[Int(step.blob_offset)...].prefix(Int(step.blob_bytes))) }

    func numbers(_ step: jrun_step) -> [UInt64] {
        let blob = blob(step)
        return blob.withUnsafeBytes { raw in
            stride(from: 0, to: blob.count, by: 8).map { raw.loadUnaligned(fromByteOffset: $0, as: UInt64.self) }
        }
    }

    func step(_ op: Int32) throws -> jrun_step { try #require(steps.first { $0.op == UInt32(op) }) }
}

@Suite struct PlanEncodingTests {
    private let run = Sample.identity.id

    private func decode(_ plan: LaunchPlan) throws -> DecodedPlan { try DecodedPlan(plan.encode(runName: run)) }

    @Test(arguments: (UInt64(0)..<200).map { $0 })
    func whatJrunInitVerifiesHolds(seed: UInt64) throws {
        let plan = try RandomCase(seed: seed).plan
        let decoded = try decode(plan)
        let header = decoded.header
        #expect(header.magic == JRUN_PLAN_MAGIC)
        #expect(header.version == UInt32(JRUN_PLAN_VERSION))
        #expect(Int(header.total_bytes) == decoded.bytes.count)
        #expect(Int(header.step_count) == plan.steps.count && header.step_count <= JRUN_PLAN_MAX_STEPS)
        #expect(Int(header.program_step) == plan.viewSteps.count)
        #expect(decoded.data.first == 0 && decoded.data.last == 0)
        #expect(header.data_offset % 8 == 0)
        for step in decoded.steps {
            #expect(step.op >= 1 && step.op <= UInt32(JRUN_OP_LAST))
            #expect(step.text_1 < header.data_bytes && step.text_2 < header.data_bytes)
            #expect(step.blob_offset % 8 == 0)
            #expect(UInt64(step.blob_offset) + UInt64(step.blob_bytes) <= UInt64(header.data_bytes))
            #expect(step.reserved == 0)
        }
        #expect(decoded.steps[plan.viewSteps.count - 1].op == UInt32(JRUN_OP_START_PROGRAM))
        #expect(decoded.steps.last?.op == UInt32(JRUN_OP_EXECUTE))
    }

    /// Step by step, with the texts and numbers that CPlan.h promises behind each op.
    @Test(arguments: (UInt64(0)..<200).map { $0 })
    func everyStepSaysTheSameAsThePlan(seed: UInt64) throws {
        let plan = try RandomCase(seed: seed).plan
        let decoded = try decode(plan)
        let numbers = Dictionary(
            uniqueKeysWithValues: plan.descriptors.enumerated().map { ($1, JRUN_FD_FIRST + Int32($0)) })
        for (step, record) in zip(plan.steps, decoded.steps) {
            #expect(record.fd == (step.descriptor.flatMap { numbers[$0] } ?? -1), "\(step)")
            #expect(reads(record, as: step, in: decoded), "\(step)")
        }
    }

    private func reads(_ record: jrun_step, as step: Step, in plan: DecodedPlan) -> Bool {
        let first = plan.text(record.text_1), second = plan.text(record.text_2)
        func isOp(_ op: Int32) -> Bool { record.op == UInt32(op) }
        switch step {
        case .mountRoot(let path, let options): return isOp(JRUN_OP_MOUNT_ROOT) && first == path && second == options
        case .directory(let path, let mode): return isOp(JRUN_OP_DIRECTORY) && first == path && record.a == UInt64(mode)
        case .symlink(let target, let path): return isOp(JRUN_OP_SYMLINK) && first == target && second == path
        case .file(let path, let contents, let mode):
            return isOp(JRUN_OP_FILE) && first == path && record.a == UInt64(mode) && plan.blob(record) == contents
        case .device(let path, let major, let minor):
            return isOp(JRUN_OP_DEVICE) && first == path && record.a == UInt64(major) && record.b == UInt64(minor)
        case .attach(_, let path, let attributes):
            return isOp(JRUN_OP_ATTACH) && first == path && record.a == attributes.rawValue
        case .mount(let type, let path, let attributes, let options, let uid):
            return isOp(JRUN_OP_MOUNT) && first == type && second == path && record.a == attributes.rawValue
                && record.b == UInt64(uid) && plan.blob(record) == Array(options.utf8) + [0]
        case .bind(let source, let path, let attributes):
            return isOp(JRUN_OP_BIND) && first == source && second == path && record.a == attributes.rawValue
        case .cover(let path, let contents, let mode):
            return isOp(JRUN_OP_COVER) && first == path && record.a == UInt64(mode) && plan.blob(record) == contents
        case .detach(let path): return isOp(JRUN_OP_DETACH) && first == path
        case .hostName(let name): return isOp(JRUN_OP_HOST_NAME) && first == name
        case .landlockRuleset(let set):
            return isOp(JRUN_OP_LANDLOCK_RULESET) && record.a == set.files.rawValue
                && plan.numbers(record) == [set.scopes]
        case .landlockPath(let path, let access):
            return isOp(JRUN_OP_LANDLOCK_PATH) && first == path && record.a == access.rawValue
        case .rlimit(let resource, let value):
            return isOp(JRUN_OP_RLIMIT) && first == resource.name && record.a == UInt64(resource.rawValue)
                && record.b == value
        case .redirect(let path, let mode, let stream):
            let flags: UInt64 = mode == .read ? 0 : mode == .write ? 0o1101 : 0o102
            return isOp(JRUN_OP_REDIRECT) && first == path && record.a == flags && record.b == UInt64(stream)
        case .pipe(let stream, let owner):
            return isOp(JRUN_OP_PIPE) && record.a == UInt64(stream) && record.b == UInt64(owner)
        case .duplicate(let stream, let other):
            return isOp(JRUN_OP_DUPLICATE) && record.a == UInt64(stream) && record.b == UInt64(other)
        case .seccomp(let filter):
            return isOp(JRUN_OP_SECCOMP) && plan.blob(record) == filter.instructions
                && record.a == (filter.notifies ? 8 : 0)
        case .execute(let path, _, _): return isOp(JRUN_OP_EXECUTE) && first == path
        default: return readsPlainly(record, as: step, in: plan)
        }
    }

    /// Steps with at most one number or text.
    private func readsPlainly(_ record: jrun_step, as step: Step, in plan: DecodedPlan) -> Bool {
        let expected: (op: Int32, a: UInt64, text: String) =
            switch step {
            case .makePrivate: (JRUN_OP_MAKE_PRIVATE, 0, "")
            case .enterRoot: (JRUN_OP_ENTER_ROOT, 0, "")
            case .sealRoot: (JRUN_OP_SEAL_ROOT, 0, "")
            case .loopback: (JRUN_OP_LOOPBACK, 0, "")
            case .startProgram: (JRUN_OP_START_PROGRAM, 0, "")
            case .session: (JRUN_OP_SESSION, 0, "")
            case .cgroupNamespace: (JRUN_OP_CGROUP_NAMESPACE, 0, "")
            case .keyring: (JRUN_OP_KEYRING, 0, "")
            case .scheduling: (JRUN_OP_SCHEDULING, 0, "")
            case .personality: (JRUN_OP_PERSONALITY, 0, "")
            case .stdio(_, let stream): (JRUN_OP_STDIO, UInt64(stream), "")
            case .umask(let mask): (JRUN_OP_UMASK, UInt64(mask), "")
            case .oomScore(let score): (JRUN_OP_OOM_SCORE, 0, "\(score)")
            case .groups: (JRUN_OP_GROUPS, 0, "")
            case .gid(let id): (JRUN_OP_GID, UInt64(id), "")
            case .boundingSet: (JRUN_OP_BOUNDING_SET, 0, "")
            case .securebits: (JRUN_OP_SECUREBITS, 0xef, "")
            case .uid(let id): (JRUN_OP_UID, UInt64(id), "")
            case .capabilities: (JRUN_OP_CAPABILITIES, 0, "")
            case .workingDirectory(let path): (JRUN_OP_WORKING_DIRECTORY, 0, path)
            case .noNewPrivileges: (JRUN_OP_NO_NEW_PRIVS, 0, "")
            case .landlockEnforce: (JRUN_OP_LANDLOCK_ENFORCE, 0, "")
            default: (0, 0, "")
            }
        return record.op == UInt32(expected.op) && record.a == expected.a && record.b == 0
            && plan.text(record.text_1) == expected.text && record.text_2 == 0 && record.blob_bytes == 0
    }

    @Test(arguments: [
        (["/bin/x"], [String]()), (["/bin/x", "", "a b", "ä", "a", "a"], ["A=1", "EMPTY=", "LC_ALL=C"]),
        (["/bin/x"] + (0..<1000).map { "argument \($0)" }, (0..<100).map { "V\($0)=\($0)" }),
    ])
    func theTableLeadsToEveryArgument(arguments: [String], environment: [String]) throws {
        var plan = try Sample.plan(Sample.program(Sample.file()))
        plan.programSteps[plan.programSteps.count - 1] = .execute(
            "/bin/x", arguments: arguments, environment: environment)
        let decoded = try decode(plan)
        let step = try decoded.step(JRUN_OP_EXECUTE)
        let table = decoded.numbers(step)
        #expect(step.a == UInt64(arguments.count) && step.b == UInt64(environment.count))
        #expect(table.count == arguments.count + environment.count + 2)
        #expect(table.allSatisfy { $0 < UInt64(decoded.header.data_bytes) })
        #expect(table[arguments.count] == 0 && table.last == 0, "each list ends with 0")
        #expect(table[..<arguments.count].map { decoded.text(UInt32($0)) } == arguments)
        #expect(table[(arguments.count + 1)...].dropLast().map { decoded.text(UInt32($0)) } == environment)
        // Offset 0 also ends a list, so only a text that is empty may have it.
        #expect(zip(table, arguments).allSatisfy { ($0 == 0) == $1.isEmpty })
    }

    @Test func aSandboxKnowsItsDirectorysNames() throws {
        let plan = try Sample.plan(
            Sample.program(Sample.file()), lifeline: false, hold: .init(directory: ".warm-x", gone: ".gone-x"))
        let decoded = try decode(plan), step = try decoded.step(JRUN_OP_HOLD)
        #expect(decoded.text(step.text_1) == ".warm-x" && decoded.text(step.text_2) == ".gone-x")
        let place = try #require(plan.descriptors.firstIndex(of: .request))
        #expect(step.fd == JRUN_FD_FIRST + Int32(place))
    }

    @Test func theSupervisionIsTheProgramFiles() throws {
        let file = Sample.file("stop: {signal: INT, grace: 1500ms}\nsuspend: {signal: USR1, grace: 2s}\nstderr: ignore")
        let plan = try Sample.plan(Sample.program(file))
        let decoded = try decode(plan), supervision = decoded.header.supervision
        func fd(_ descriptor: PlanDescriptor) throws -> Int32 {
            JRUN_FD_FIRST + Int32(try #require(plan.descriptors.firstIndex(of: descriptor)))
        }
        #expect(decoded.text(supervision.text_run) == run)
        #expect(supervision.stop_signal == 2 && supervision.stop_grace_ns == 1_500_000_000)
        #expect(supervision.suspend_signal == 10 && supervision.suspend_grace_ns == 2_000_000_000)
        #expect(supervision.wall_ns == 600_000_000_000 && supervision.cpu_ns == 300_000_000_000)
        #expect(supervision.output_bytes == 64 << 20 && supervision.processes == 32 && supervision.cpus == 4)
        #expect(supervision.flags == UInt32(JRUN_LIFELINE | JRUN_WATCH_PIDS | JRUN_WATCH_DISK | JRUN_WATCH_MEMORY))
        #expect(try supervision.fd_control == fd(.control))
        #expect(try supervision.fd_status == fd(.status))
        #expect(try supervision.fd_cgroup == fd(.cgroupLeaf))
        #expect(try supervision.fd_stdout == fd(.stdoutSpool))
        #expect(supervision.fd_stderr == -1)
        #expect(try supervision.fd_work == fd(.work))
        #expect(try supervision.fd_run == fd(.runDirectory))
        #expect(try supervision.fd_runs == fd(.runsDirectory))
        #expect(try supervision.fd_cgroup_parent == fd(.cgroupRuns))
        #expect(try supervision.fd_growth == fd(.growth))
    }

    /// What is told of changes needs both layers as long as jrun-init lives.
    @Test(arguments: [false, true]) func theLayersOfAWritableImageAreKept(isWritable: Bool) throws {
        let program = try Sample.program(Sample.file(security: "{root: {image: box, writable: \(isWritable)}}"))
        let plan = try Sample.plan(program, on: Sample.node(image: Sample.image))
        let supervision = try decode(plan).header.supervision
        func fd(_ descriptor: PlanDescriptor) -> Int32 {
            plan.descriptors.firstIndex(of: descriptor).map { JRUN_FD_FIRST + Int32($0) } ?? -1
        }
        #expect(supervision.fd_layer == fd(.imageLayer) && (supervision.fd_layer > 0) == isWritable)
        #expect(supervision.fd_image == (isWritable ? fd(.image) : -1) && fd(.image) > 0)
    }

    @Test func capsGoWithTheStreams() throws {
        let file = Sample.file(
            "stdout: {file: a/b, max_size: 9, excess: truncate}\nstderr: {stream: true, max_size: 7}\nstdin: {stream: true, max_size: 5}"
        )
        let plan = try Sample.plan(Sample.program(file))
        let supervision = try decode(plan).header.supervision
        #expect(supervision.stdout_cap == 9 && supervision.stderr_cap == 7)
        let caps = JRUN_TRUNCATE_STDOUT | JRUN_TRUNCATE_STDERR | JRUN_FILE_STDOUT | JRUN_FILE_STDERR
        #expect(supervision.flags & UInt32(caps) == UInt32(JRUN_TRUNCATE_STDOUT | JRUN_FILE_STDOUT))
        func fd(_ descriptor: PlanDescriptor) throws -> Int32 {
            JRUN_FD_FIRST + Int32(try #require(plan.descriptors.firstIndex(of: descriptor)))
        }
        #expect(try supervision.fd_stdout == fd(.stdoutFile) && supervision.fd_stderr == fd(.stderrSpool))
        #expect(!plan.descriptors.contains(.stdoutSpool) && !plan.descriptors.contains(.stderrFile))
        let plain = try decode(Sample.plan(Sample.program(Sample.file()))).header.supervision
        #expect(plain.stdout_cap == JRUN_UNCAPPED && plain.stderr_cap == JRUN_UNCAPPED)
        #expect(plain.flags & UInt32(caps) == 0)
    }

    @Test func aBareNodeIsWatchedMoreClosely() throws {
        let program = try Sample.program(Sample.file())
        let plan = try Sample.plan(program, on: Sample.node(controllers: []), lifeline: false)
        #expect(try decode(plan).header.supervision.flags == UInt32(JRUN_WATCH_THREADS | JRUN_WATCH_DISK))
    }

    @Test func centuriesDoNotOverflow() throws {
        var plan = try Sample.plan(Sample.program(Sample.file()))
        plan.supervision.limits[.wall] = .max
        plan.supervision.limits[.cpu] = .max / 1_000_000 + 1
        let supervision = try decode(plan).header.supervision
        #expect(supervision.wall_ns == UInt64.max / 4 && supervision.cpu_ns == UInt64.max / 4)
    }

    @Test func theLimitOfBytesIsExact() throws {
        var plan = try Sample.plan(Sample.program(Sample.file()))
        func encode(argumentBytes count: Int) throws -> Int {
            let argument = String(repeating: "x", count: count)
            plan.programSteps[plan.programSteps.count - 1] = .execute("/bin/x", arguments: [argument], environment: [])
            return try plan.encode(runName: run).count
        }
        let limit = Int(JRUN_PLAN_MAX_BYTES)
        let spare = try limit - encode(argumentBytes: 0)
        // One byte for its NUL, one group of eight for the end; the largest that fits is found by trying.
        let largest = try #require((spare - 32...spare).last { (try? encode(argumentBytes: $0)) != nil })
        #expect(try encode(argumentBytes: largest) == limit)
        let error = #expect(throws: LaunchPlan.TooLarge.self) { try encode(argumentBytes: largest + 1) }
        #expect(error?.bytes == limit + 8)
        #expect(
            error?.description
                == "the launch plan has \(limit + 8) bytes, more than \(limit): fewer or shorter arguments would fit")
    }

    /// jrun-init refuses a plan of more than JRUN_PLAN_MAX_STEPS steps with nothing but EINVAL.
    @Test func tooManyStepsAreRefusedBeforeTheLaunch() throws {
        var plan = try Sample.plan(Sample.program(Sample.file()))
        plan.viewSteps.insert(
            contentsOf: Array(repeating: .directory("a", mode: 0o755), count: Int(JRUN_PLAN_MAX_STEPS)), at: 2)
        let isRefused = (try? plan.encode(runName: run)) == nil
        #expect(isRefused)
    }
}
