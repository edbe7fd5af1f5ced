import Programs

/// The steps of the process that becomes the program. From step to step it can do less; each comment says why its
/// step is after the last one.
struct ProgramProcess {
    let inputs: PlanInputs

    init(_ inputs: PlanInputs) { self.inputs = inputs }

    var steps: [Step] {
        // First, while still root: what only concerns where the process belongs.
        [.session]
            // After the clone into the leaf, so that the leaf is the namespace's root.
            + [.cgroupNamespace]
            // Before the uid changes, or the old user's keyring would be possessed still.
            + [.keyring]
            // Pipes and the spool are placed while descriptors may still be passed about; files come later, as the user.
            + pipes
            + [.umask(0o077)]
            // A real-time or negative nice launcher must not hand that on; going back up needs what is given up below.
            + [.scheduling, .personality]
            // Hard limits are lowered once and for all; raising a hard limit again needs a capability that goes below.
            + limits
            // /proc/self is still root's here; it stays the program's own afterwards.
            + [.oomScore(500)]
            // Groups before gid before uid: each needs the privilege that the next one gives up.
            + groups + [.gid(inputs.identity.uid)]
            // Needs CAP_SETPCAP, so before the uid; without it a setuid file could bring capabilities back.
            + [.boundingSet, .securebits]
            + [.uid(inputs.identity.uid)]
            // The securebits keep the uid change from clearing the sets, so they are emptied by name.
            + [.capabilities]
            // As the user from here on: what the user may not enter or open fails here, as it should.
            + [.workingDirectory(View.workDirectory)]
            + redirections.filter { !waits($0) }
            // Landlock and seccomp ask for it; and setuid files lose their meaning.
            + [.noNewPrivileges]
            // Before seccomp, whose filter need not allow what Landlock's enforcement calls.
            + (inputs.facts.landlockABI >= 1 ? [.landlockEnforce] : [])
            // As late as can be. The request's files are opened behind it, and the filter is loaded last, as ever: it need
            // not allow what waiting and opening call.
            + hold + redirections.filter(waits)
            // Last but one: every call after it has to pass.
            + [.seccomp(inputs.filter)]
            + [execution]
    }

    /// A user namespace with a single id forbids it: the user's groups stay. Source: user_namespaces(7), setgroups.
    private var groups: [Step] { inputs.facts.rootless == .single ? [] : [.groups] }

    /// Processes beside the program's that count for its uid: with a single id, jrun and jrun-init.
    private var otherProcesses: UInt64 { inputs.facts.rootless == .single ? 2 : 0 }

    private var hold: [Step] { inputs.hold.map { [.hold(directory: $0.directory, gone: $0.gone)] } ?? [] }

    /// A file of the work directory is the request's, or may be.
    private func waits(_ step: Step) -> Bool {
        guard inputs.hold != nil else { return false }
        return switch step {
        case .redirect("/dev/null", _, _): false
        // It follows what may be a file.
        default: true
        }
    }

    private var pipes: [Step] {
        (inputs.program.stdin == .stream ? [.stdio(.stdin, stream: 0)] : [])
            + (inputs.program.stdoutRelay != nil ? [.stdio(nil, stream: 1)] : [])
            + (inputs.program.stderrRelay != nil ? [.stdio(nil, stream: 2)] : [])
    }

    private var limits: [Step] {
        let limits = inputs.request.limits
        var all: [(Step.RLimit, UInt64)] = [
            // 1, not 0: a core_pattern that pipes ignores the limit, except for exactly 1. Source: core(5), fs/coredump.c
            (.core, 1), (.nofile, UInt64(limits[.open_files])), (.fsize, UInt64(limits[.file_size])),
            // Locked and queued memory is the kernel's; a run gets what ordinary programs use of it.
            (.memlock, 64 << 10), (.msgqueue, 0), (.sigpending, 256), (.nice, 0), (.rtprio, 0),
        ]
        // One more than allowed, so that reaching it proves that the limit was exceeded.
        // Counted in each user namespace apart since Linux 5.14. Source: kernel/ucount.c
        if inputs.enforcement[.processes] == .processCount {
            all.append((.nproc, UInt64(limits[.processes]) + 1 + otherProcesses))
        }
        if inputs.enforcement[.memory] == .addressSpace { all.append((.addressSpace, UInt64(limits[.memory]))) }
        return all.map { .rlimit($0.0, $0.1) }
    }

    private var redirections: [Step] {
        [redirection(of: inputs.program.stdin)].compactMap { $0 }
            + [
                inputs.program.stdoutRelay == nil ? redirection(of: inputs.program.stdout, 1) : nil,
                inputs.program.stderrRelay == nil ? redirection(of: inputs.program.stderr, 2) : nil,
            ].compactMap { $0 }
    }

    private func redirection(of source: StreamSource) -> Step? {
        switch source {
        case .stream: nil
        case .ignore: .redirect("/dev/null", .read, stream: 0)
        case .file(let name): .redirect(name, .read, stream: 0)
        }
    }

    private func redirection(of sink: StreamSink, _ stream: Int) -> Step? {
        switch sink {
        case .stream: nil
        case .ignore: .redirect("/dev/null", .write, stream: stream)
        case .file(let name): .redirect(name, .write, stream: stream)
        case .stdout: .duplicate(stream: 1, to: stream)
        }
    }

    private var execution: Step {
        .execute(
            inputs.program.executable, arguments: inputs.request.argumentList(of: inputs.program),
            environment: inputs.request.environmentList)
    }
}
