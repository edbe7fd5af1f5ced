import CPlan
import Programs

// The plan's wire format: see CPlan.h. Encoded once, sealed, and read by jrun-init.

extension LaunchPlan {
    public struct TooLarge: Error, Sendable, Equatable, CustomStringConvertible {
        public var bytes: Int
        public var steps = 0
        public var description: String {
            if steps > JRUN_PLAN_MAX_STEPS {
                return "the launch plan has \(steps) steps, more than \(JRUN_PLAN_MAX_STEPS): "
                    + "fewer paths in the security profile would fit"
            }
            return
                "the launch plan has \(bytes) bytes, more than \(JRUN_PLAN_MAX_BYTES): fewer or shorter arguments would fit"
        }
    }

    /// - Parameter runName: the run's name in the directory and the cgroup of all runs.
    public func encode(runName: String) throws(TooLarge) -> [UInt8] {
        guard steps.count <= JRUN_PLAN_MAX_STEPS else { throw TooLarge(bytes: 0, steps: steps.count) }
        let numbers = Dictionary(
            uniqueKeysWithValues: descriptors.enumerated().map { ($1, Int32(JRUN_FD_FIRST) + Int32($0)) })
        var data = PlanData()
        var encoded: [UInt8] = []
        for step in steps {
            let record = step.encoded(into: &data, numbers)
            withUnsafeBytes(of: record) { encoded += $0 }
        }
        var header = jrun_plan_header()
        header.magic = JRUN_PLAN_MAGIC
        header.version = UInt32(JRUN_PLAN_VERSION)
        header.step_count = UInt32(steps.count)
        header.program_step = UInt32(viewSteps.count)
        header.supervision = supervision.encoded(runName: data.add(text: runName), numbers)
        data.terminate()
        header.data_offset = UInt32(MemoryLayout<jrun_plan_header>.size + encoded.count)
        header.data_bytes = UInt32(data.bytes.count)
        header.total_bytes = header.data_offset + header.data_bytes
        guard header.total_bytes <= JRUN_PLAN_MAX_BYTES else { throw TooLarge(bytes: Int(header.total_bytes)) }
        return withUnsafeBytes(of: header) { Array($0) } + encoded + data.bytes
    }
}

/// Texts and blobs behind the steps. Offset 0 is the empty text; blobs start at multiples of eight.
private struct PlanData {
    private(set) var bytes: [UInt8] = [UInt8](repeating: 0, count: 8)

    mutating func add(text: String) -> UInt32 {
        if text.isEmpty { return 0 }
        let offset = UInt32(bytes.count)
        bytes += text.utf8
        bytes.append(0)
        return offset
    }

    mutating func add(blob: [UInt8]) -> (UInt32, UInt32) {
        if blob.isEmpty { return (0, 0) }
        while bytes.count % 8 != 0 { bytes.append(0) }
        let offset = UInt32(bytes.count)
        bytes += blob
        return (offset, UInt32(blob.count))
    }

    /// Whatever the last blob was, the data ends with NUL.
    mutating func terminate() {
        repeat { bytes.append(0) } while bytes.count % 8 != 0
    }
}

private func make(
    _ op: Int32, fd: Int32 = -1, _ text1: UInt32 = 0, _ text2: UInt32 = 0, a: UInt64 = 0, b: UInt64 = 0,
    blob: (UInt32, UInt32) = (0, 0)
) -> jrun_step {
    jrun_step(
        op: UInt32(op), fd: fd, text_1: text1, text_2: text2, a: a, b: b, blob_offset: blob.0, blob_bytes: blob.1,
        reserved: 0)
}

extension Step {
    // Long, but one line a step: the whole vocabulary at a glance, in the order of CPlan.h.
    fileprivate func encoded(into data: inout PlanData, _ fds: [PlanDescriptor: Int32]) -> jrun_step {
        switch self {
        case .makePrivate: make(JRUN_OP_MAKE_PRIVATE)
        case .mountRoot(let path, let options): make(JRUN_OP_MOUNT_ROOT, data.add(text: path), data.add(text: options))
        case .directory(let path, let mode): make(JRUN_OP_DIRECTORY, data.add(text: path), a: UInt64(mode))
        case .symlink(let target, let path): make(JRUN_OP_SYMLINK, data.add(text: target), data.add(text: path))
        case .file(let path, let contents, let mode):
            make(JRUN_OP_FILE, data.add(text: path), a: UInt64(mode), blob: data.add(blob: contents))
        case .device(let path, let major, let minor):
            make(JRUN_OP_DEVICE, data.add(text: path), a: UInt64(major), b: UInt64(minor))
        case .attach(let source, let path, let attributes):
            make(JRUN_OP_ATTACH, fd: fds[source]!, data.add(text: path), a: attributes.rawValue)
        case .mount(let type, let path, let attributes, let options, let uid):
            make(
                JRUN_OP_MOUNT, data.add(text: type), data.add(text: path), a: attributes.rawValue, b: UInt64(uid),
                blob: data.add(blob: Array(options.utf8) + [0]))
        case .bind(let source, let path, let attributes):
            make(JRUN_OP_BIND, data.add(text: source), data.add(text: path), a: attributes.rawValue)
        case .cover(let path, let contents, let mode):
            make(JRUN_OP_COVER, data.add(text: path), a: UInt64(mode), blob: data.add(blob: contents))
        case .detach(let path): make(JRUN_OP_DETACH, data.add(text: path))
        case .enterRoot: make(JRUN_OP_ENTER_ROOT)
        case .sealRoot: make(JRUN_OP_SEAL_ROOT)
        case .hostName(let name): make(JRUN_OP_HOST_NAME, data.add(text: name))
        case .loopback: make(JRUN_OP_LOOPBACK)
        case .landlockRuleset(let set):
            make(
                JRUN_OP_LANDLOCK_RULESET, a: set.files.rawValue,
                blob: data.add(blob: withUnsafeBytes(of: set.scopes) { Array($0) }))
        case .landlockPath(let path, let access): make(JRUN_OP_LANDLOCK_PATH, data.add(text: path), a: access.rawValue)
        case .pipe(let stream, let owner): make(JRUN_OP_PIPE, a: UInt64(stream), b: UInt64(owner))
        case .startProgram(let cgroup): make(JRUN_OP_START_PROGRAM, fd: cgroup.map { fds[$0]! } ?? -1)
        default: encodedForProgram(into: &data, fds)
        }
    }

    private func encodedForProgram(into data: inout PlanData, _ fds: [PlanDescriptor: Int32]) -> jrun_step {
        switch self {
        case .session: make(JRUN_OP_SESSION)
        case .cgroupNamespace: make(JRUN_OP_CGROUP_NAMESPACE)
        case .keyring: make(JRUN_OP_KEYRING)
        case .stdio(let source, let stream): make(JRUN_OP_STDIO, fd: source.map { fds[$0]! } ?? -1, a: UInt64(stream))
        case .scheduling: make(JRUN_OP_SCHEDULING)
        case .personality: make(JRUN_OP_PERSONALITY)
        case .umask(let mask): make(JRUN_OP_UMASK, a: UInt64(mask))
        case .rlimit(let resource, let value):
            make(JRUN_OP_RLIMIT, data.add(text: resource.name), a: UInt64(resource.rawValue), b: value)
        case .oomScore(let score): make(JRUN_OP_OOM_SCORE, data.add(text: String(score)))
        case .groups: make(JRUN_OP_GROUPS)
        case .gid(let id): make(JRUN_OP_GID, a: UInt64(id))
        case .boundingSet: make(JRUN_OP_BOUNDING_SET)
        case .securebits: make(JRUN_OP_SECUREBITS, a: 0xef)  // SECUREBITS_ALL_LOCKED
        case .uid(let id): make(JRUN_OP_UID, a: UInt64(id))
        case .capabilities: make(JRUN_OP_CAPABILITIES)
        case .workingDirectory(let path): make(JRUN_OP_WORKING_DIRECTORY, data.add(text: path))
        case .redirect(let path, let mode, let stream):
            make(JRUN_OP_REDIRECT, data.add(text: path), a: mode.flags, b: UInt64(stream))
        case .duplicate(let stream, let other): make(JRUN_OP_DUPLICATE, a: UInt64(stream), b: UInt64(other))
        case .noNewPrivileges: make(JRUN_OP_NO_NEW_PRIVS)
        case .landlockEnforce: make(JRUN_OP_LANDLOCK_ENFORCE)
        case .hold(let directory, let gone):
            make(JRUN_OP_HOLD, fd: fds[.request]!, data.add(text: directory), data.add(text: gone))
        case .seccomp(let filter):
            // SECCOMP_FILTER_FLAG_NEW_LISTENER
            make(JRUN_OP_SECCOMP, a: filter.notifies ? 8 : 0, blob: data.add(blob: filter.instructions))
        case .execute(let path, let arguments, let environment):
            executeStep(path, arguments, environment, &data)
        default: make(0)
        }
    }

    private func executeStep(
        _ path: String, _ arguments: [String], _ environment: [String], _ data: inout PlanData
    ) -> jrun_step {
        let argv = arguments.map { UInt64(data.add(text: $0)) }, envp = environment.map { UInt64(data.add(text: $0)) }
        let table = (argv + [0] + envp + [0]).flatMap { withUnsafeBytes(of: $0, Array.init) }
        return make(
            JRUN_OP_EXECUTE, data.add(text: path), a: UInt64(argv.count), b: UInt64(envp.count),
            blob: data.add(blob: table))
    }
}

extension Step.OpenMode {
    /// O_* of open(2); files that are written are created.
    fileprivate var flags: UInt64 {
        switch self {
        case .read: 0
        case .write: 0o1 | 0o100 | 0o1000
        case .readWrite: 0o2 | 0o100
        }
    }
}

extension Supervision {
    fileprivate func encoded(runName: UInt32, _ fds: [PlanDescriptor: Int32]) -> jrun_supervision {
        var s = jrun_supervision()
        s.flags = UInt32(flags)
        s.fd_control = fds[.control]!
        s.fd_status = fds[.status]!
        s.fd_cgroup = fds[.cgroupLeaf] ?? -1
        s.fd_stdout = fds[.stdoutSpool] ?? fds[.stdoutFile] ?? -1
        s.fd_stderr = fds[.stderrSpool] ?? fds[.stderrFile] ?? -1
        s.fd_work = fds[.work]!
        s.fd_layer = fds[.imageLayer] ?? -1
        s.fd_image = s.fd_layer < 0 ? -1 : fds[.image] ?? -1
        s.fd_growth = fds[.growth]!
        s.fd_stdin = fds[.stdinWriter] ?? -1
        s.fd_stdin_buffer = fds[.stdinBuffer] ?? -1
        s.fd_run = fds[.runDirectory]!
        s.fd_runs = fds[.runsDirectory]!
        s.fd_cgroup_parent = fds[.cgroupRuns] ?? -1
        s.text_run = runName
        s.stop_signal = stop.signal.number
        s.stop_grace_ns = nanoseconds(stop.graceMilliseconds)
        s.suspend_signal = suspend?.signal.number ?? 0
        s.suspend_grace_ns = nanoseconds(suspend?.graceMilliseconds ?? 0)
        s.cpus = UInt32(cpus)
        s.wall_ns = nanoseconds(limits[.wall])
        s.cpu_ns = nanoseconds(limits[.cpu])
        s.output_bytes = UInt64(limits[.output])
        s.processes = UInt64(limits[.processes])
        s.stdout_cap = stdout?.cap.map { UInt64($0.maxSize) } ?? JRUN_UNCAPPED
        s.stderr_cap = stderr?.cap.map { UInt64($0.maxSize) } ?? JRUN_UNCAPPED
        return s
    }

    private var flags: Int32 {
        JRUN_WATCH_DISK | (lifeline ? JRUN_LIFELINE : 0) | (watchesMemory ? JRUN_WATCH_MEMORY : 0)
            | (enforcement[.processes] == .processCount ? JRUN_WATCH_THREADS : JRUN_WATCH_PIDS)
            | (stdout?.cap?.excess == .truncate ? JRUN_TRUNCATE_STDOUT : 0)
            | (stderr?.cap?.excess == .truncate ? JRUN_TRUNCATE_STDERR : 0)
            | (stdout?.isFile == true ? JRUN_FILE_STDOUT : 0) | (stderr?.isFile == true ? JRUN_FILE_STDERR : 0)
    }
}

/// Saturating: a limit of centuries is as good as never.
private func nanoseconds(_ milliseconds: Int64) -> UInt64 {
    let (product, overflow) = UInt64(max(milliseconds, 0)).multipliedReportingOverflow(by: 1_000_000)
    return overflow ? UInt64.max / 4 : min(product, UInt64.max / 4)
}
