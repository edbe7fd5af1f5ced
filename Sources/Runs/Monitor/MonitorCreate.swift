import Confinement
import Crypto
import Kernel
import Programs

extension Monitor {
    /// Makes a run, checked but for the presence of its input files; inline inputs are stored.
    ///
    /// - Parameters:
    ///   - form: the request; inputs that are files of the node are refused.
    ///   - digest: SHA-256 of the request's bytes: what an idempotency key stands for.
    ///   - startsNow: it is started at once, with what was found out here.
    /// - Returns: the run, and whether it is new.
    /// - Throws: `MonitorRefusal`
    public func create(
        _ form: RequestForm, of program: LoadedProgram, for owner: Owner, idempotencyKey: String? = nil,
        digest: String = "", startsNow: Bool = false
    ) async throws -> (run: ManagedRun, isNew: Bool) {
        let key = idempotencyKey.map { IdempotencyKey(uid: owner.uid, text: $0) }
        if let key, let run = try await claim(key, digest) { return (run, false) }
        defer {
            if let key {
                state.withLock { _ = $0.pendingKeys.remove(key) }
                changes.raise()
            }
        }
        let run = try await blocking {
            try self.make(
                NewRun(form, program, self.node), for: owner, idempotencyKey: idempotencyKey, digest: digest,
                startsNow: startsNow)
        }
        do { try run.record(RunState.created.rawValue) } catch {
            // Nobody will hear of it.
            run.dropSandbox()
            let (name, runs) = (run.id.description, node.runsDirectory)
            try? await blocking { try removeTree(name, in: runs) }
            throw error
        }
        add(run)
        count { $0.created += 1 }
        return (run, true)
    }

    /// The run that this key stands for; nil when the caller is the one to make it.
    private func claim(_ key: IdempotencyKey, _ digest: String) async throws -> ManagedRun? {
        while true {
            let version = changes.version
            let (known, isMine) = state.withLock { state in
                (state.keys[key].flatMap { state.runs[$0] }, state.pendingKeys.insert(key).inserted)
            }
            if let known {
                if isMine { state.withLock { _ = $0.pendingKeys.remove(key) } }
                guard known.request.requestDigest == digest else {
                    throw MonitorRefusal(
                        .conflict,
                        "Idempotency-Key '\(printable(key.text))' stands for run '\(known.id)', which was another "
                            + "request; take a new key", state: known.state)
                }
                return known
            }
            if isMine { return nil }
            try Task.checkCancellation()
            await changes.wait(after: version)
        }
    }

    private func make(
        _ new: NewRun, for owner: Owner, idempotencyKey: String?, digest: String, startsNow: Bool
    ) throws -> ManagedRun {
        let bytes = new.inputs.reduce(0) { $0 + RunInputs.cost(Int64($1.bytes.count)) }
        guard bytes <= budget(of: owner) else {
            throw MonitorRefusal(.quota, "what your runs keep is at its bound; remove some of them")
        }
        try refuseTooMany(of: owner)
        let preparation: Preparation
        do {
            preparation = try Preparation(
                node: currentNode, loaded: new.loaded, request: new.accepted, bestEffort: settings.bestEffort)
        } catch {
            throw MonitorRefusal(error, program: new.loaded.program.name)
        }
        let make = { (id: RunID, sandbox: WarmSandbox?) in
            var request = FrozenRequest(preparation, id, createdAt: realtimeNanoseconds())
            request.owner = owner
            request.idempotencyKey = idempotencyKey
            request.requestDigest = digest
            let run = ManagedRun(
                request, id: id, program: new.loaded.program, limits: new.accepted.limits, owner: owner, monitor: self)
            run.shared.withLock { shared in
                shared.sandbox = sandbox
                shared.prepared = startsNow ? preparation : nil
            }
            return (run, try self.write(run, new, inSandbox: sandbox != nil))
        }
        if let sandbox = warm.take(for: preparation) {
            if let (run, ownBytes) = try? make(sandbox.id, sandbox) { return filled(run, new, ownBytes) }
            // It has died just now, or the disk is full, which will be said at once.
            warm.settle(sandbox)
            sandbox.drop()
            // Inputs may be in it already, which it does not remove.
            for prefix in [RunDirectory.warmPrefix, RunDirectory.gonePrefix] {
                try? removeTree("\(prefix)\(sandbox.id)", in: node.runsDirectory)
            }
        }
        do {
            let (run, ownBytes) = try make(RunID(), nil)
            return filled(run, new, ownBytes)
        } catch let error as KernelError {
            throw MonitorRefusal(
                .node, "a run cannot be created in '\(node.runsDirectory)': \(describe(errno: error.errno))")
        }
    }

    private func filled(_ run: ManagedRun, _ new: NewRun, _ ownBytes: Int64) -> ManagedRun {
        run.shared.withLock { shared in
            for input in new.inputs {
                shared.inputs.add(
                    input.name,
                    .init(size: Int64(input.bytes.count), sha256: hex(SHA256.hash(data: input.bytes))), run.program)
            }
            shared.snapshot.keptBytes = shared.inputs.keptBytes + ownBytes
        }
        return run
    }

    /// A run that was never started costs its owner nothing, and the node files and memory.
    private func refuseTooMany(of owner: Owner) throws {
        let unstarted = state.withLock { state in
            // Those that have a place were started.
            guard state.runs.count - state.totals.live >= Monitor.mostUnstarted else { return 0 }
            return state.runs.values.count { $0.owner.uid == owner.uid && $0.state == .created }
        }
        guard unstarted < Monitor.mostUnstarted else {
            throw MonitorRefusal(
                .quota, "\(unstarted) of your runs were never started, which is the most; start or remove some of them")
        }
    }

    /// Of one user.
    static let mostUnstarted = 1000

    /// The directory gets its name when everything is in it.
    ///
    /// - Parameter inSandbox: it is a warm sandbox's, with the FIFOs in it.
    /// - Returns: bytes that it takes on disk, without the inputs.
    private func write(_ run: ManagedRun, _ new: NewRun, inSandbox: Bool) throws -> Int64 {
        let parent = try FileSystem.open(node.runsDirectory, [.read, .directory])
        let unborn = inSandbox ? WarmSandbox.directoryName(run.id) : "\(RunDirectory.unbornPrefix)\(run.id)"
        if !inSandbox { try FileSystem.makeDirectory(unborn, mode: 0o700, at: parent.raw) }
        do {
            let directory = try FileSystem.open(unborn, [.read, .directory], at: parent.raw)
            let request = run.request.json()
            try FileSystem.createFile("run.json", request, at: directory.raw)
            let program = try programCopies.put(
                run.program, run.reference.digest, as: "program.yaml", at: directory.raw)
            if !inSandbox {
                try FileSystem.makeFIFO(RunDirectory.controlName, at: directory.raw)
                try FileSystem.makeFIFO(ManagedRun.growthName, at: directory.raw)
            }
            for input in new.inputs {
                try ManagedRun.makeParents(of: input.name, in: directory.raw)
                try FileSystem.createFile("\(ManagedRun.inputsName)/\(input.name)", input.bytes, at: directory.raw)
            }
            try FileSystem.rename(unborn, to: run.id.description, from: parent.raw, at: parent.raw)
            // In blocks, with one for the directory and one for the events.
            return [request.count, program, 1, 1].reduce(0) { $0 + Int64(($1 + 4095) / 4096 * 4096) }
        } catch {
            // A sandbox removes its own.
            if !inSandbox { try? removeTree(unborn, in: node.runsDirectory) }
            throw error
        }
    }
}

/// A request as the rules accept it, with the files that came inside of it.
struct NewRun {
    let loaded: LoadedProgram
    let accepted: AcceptedRequest
    var inputs: [(name: String, bytes: [UInt8])] = []

    /// - Throws: `MonitorRefusal` `invalid` with everything that is wrong.
    init(_ form: RequestForm, _ loaded: LoadedProgram, _ node: Node) throws {
        self.loaded = loaded
        let program = loaded.program
        let resolved = form.resolved(by: program)
        var violations = resolved.violations
        var request = Request(
            arguments: resolved.arguments, environment: resolved.environment, limits: form.limits)
        for input in form.inputs {
            switch input.content {
            case .bytes(let bytes):
                inputs.append((input.name, bytes))
                let size = Int64(bytes.count)
                let types = program.contentTypes(ofInput: input.name, size: size)
                var requested = RequestedInput(name: input.name, size: size)
                if !types.isEmpty {
                    var inspector = ContentInspector(lookingFor: types)
                    inspector.add(bytes)
                    requested.content = inspector.facts()
                }
                request.inputs.append(requested)
            case .file:
                violations.append(
                    Violation(
                        rule: "inputs", place: "input '\(input.name)'",
                        message: "'file' is for the command line; send the file itself, here or with PUT"))
            }
        }
        let formRules = Set(resolved.violations.map(\.rule))
        switch program.check(request, inputsMayFollow: true) {
        case .failure(let found):
            throw MonitorRefusal(Violations(violations + found.violations.filter { !formRules.contains($0.rule) }))
        case .success(let accepted):
            if !violations.isEmpty { throw MonitorRefusal(Violations(violations)) }
            self.accepted = accepted
        }
    }
}
