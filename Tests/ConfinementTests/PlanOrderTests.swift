import Programs
import Testing

@testable import Confinement

// What must hold of every plan, whatever the program and the node: tried on a few hundred random ones.

private let seeds = (UInt64(0)..<300).map { $0 }

extension LaunchPlan {
    /// Places of the steps that `matches` picks, counted over the whole plan.
    fileprivate func places(_ matches: (Step) -> Bool) -> [Int] { steps.indices.filter { matches(steps[$0]) } }
}

@Suite struct PlanOrderTests {
    @Test(arguments: seeds)
    func privilegesGoInTheOneOrderThatWorks(seed: UInt64) throws {
        let random = try RandomCase(seed: seed)
        let plan = try random.plan
        var order = [
            plan.places { $0 == .session }, plan.places { $0 == .cgroupNamespace }, plan.places { $0 == .keyring },
            plan.places { $0 == .scheduling },
            plan.places { $0 == .groups }, plan.places { $0 == .gid(Sample.identity.uid) },
            plan.places { $0 == .boundingSet },
            plan.places { $0 == .securebits }, plan.places { $0 == .uid(Sample.identity.uid) },
            plan.places { $0 == .capabilities }, plan.places { $0 == .workingDirectory("/work") },
            plan.places { $0 == .noNewPrivileges },
        ]
        if random.facts.landlockABI >= 1 { order.append(plan.places { $0 == .landlockEnforce }) }
        order.append(plan.places { if case .seccomp = $0 { true } else { false } })
        order.append(plan.places { if case .execute = $0 { true } else { false } })

        #expect(order.allSatisfy { $0.count == 1 }, "each of them exactly once")
        let places = order.compactMap(\.first)
        #expect(places == places.sorted())
        #expect(places.first == plan.viewSteps.count, "the session is the program's first step")
        #expect(places.last == plan.steps.count - 1, "nothing comes after the execution")
    }

    @Test(arguments: seeds)
    func hardLimitsAreLoweredAsRoot(seed: UInt64) throws {
        let plan = try RandomCase(seed: seed).plan
        let limits = plan.places { if case .rlimit = $0 { true } else { false } }
        let files = plan.places { if case .redirect = $0 { true } else { false } }
        let uid = try #require(plan.places { if case .uid = $0 { true } else { false } }.first)
        let directory = try #require(plan.places { if case .workingDirectory = $0 { true } else { false } }.first)
        #expect(!limits.isEmpty && limits.allSatisfy { $0 < uid })
        #expect(files.allSatisfy { $0 > uid && $0 > directory }, "files are opened as the user, in the work directory")
    }

    @Test(arguments: seeds)
    func theViewIsEnteredAndSealed(seed: UInt64) throws {
        let random = try RandomCase(seed: seed)
        let steps = try random.plan.viewSteps
        let enter = try #require(steps.firstIndex(of: .enterRoot)), seal = try #require(steps.firstIndex(of: .sealRoot))
        #expect(steps.first == .makePrivate, "mounts propagate until then")
        if case .mountRoot = steps[1] {} else { Issue.record("the new root is not the second step") }
        #expect(enter < seal)
        #expect(steps.last == .startProgram(in: random.facts.controllers == nil ? nil : .cgroupLeaf))
        for (index, step) in steps.enumerated() {
            switch step {
            case .directory, .symlink, .file, .device, .attach, .mount, .bind, .cover, .detach:
                #expect(index < enter, "\(step)")
            // The ruleset opens paths of the view, so it comes when there is nothing but the view.
            case .landlockRuleset, .landlockPath: #expect(index > seal, "\(step)")
            default: break
            }
        }
        #expect(steps.contains(.loopback) == (random.program.security.network == .none))
    }

    @Test(arguments: seeds)
    func everythingIsMadeInAPlaceThatIsThere(seed: UInt64) throws {
        var view = SimulatedView()
        for step in try RandomCase(seed: seed).plan.viewSteps { view.carryOut(step) }
        #expect(view.complaints == [])
    }

    @Test(arguments: seeds)
    func everyShownPathIsAttachedOnceAndReadOnly(seed: UInt64) throws {
        let random = try RandomCase(seed: seed)
        let security = random.program.security
        let plan = try random.plan
        var attached: [String: MountAttributes] = [:]
        for case .attach(.hostPath(let path), at: let place, let attributes) in plan.viewSteps {
            #expect(attached.updateValue(attributes, forKey: path) == nil, "\(path) twice")
            #expect("/\(place)" == path)
            #expect(attributes.contains(.noSetuid))
        }
        let known = Set(random.facts.paths.keys)
        let expected = (security.read + security.execute + security.devices).filter { !$0.hasPrefix("/usr/") }
        #expect(Set(attached.keys) == known.intersection(expected + ["/usr", "/etc/ld.so.cache", "/etc/alternatives"]))
        for (path, attributes) in attached {
            let isDevice = security.devices.contains(path)
            #expect(attributes.contains(.readOnly) == !isDevice, "\(path)")
            #expect(attributes.contains(.noDevices) == !isDevice, "\(path)")
            if security.read.contains(path) { #expect(attributes.contains(.noExecute), "\(path)") }
        }
    }

    /// An absolute link would lead to the node until the root is entered.
    @Test(arguments: [true, false])
    func nothingIsMadeBehindALinkOfAnImage(isWritable: Bool) throws {
        let program = try Sample.program(
            Sample.file(security: "{root: {image: box, writable: \(isWritable)}, devices: [/dev/kvm]}"))
        let facts = Sample.node(paths: ["/dev/kvm": .device], image: Sample.image)
        let steps = try Sample.plan(program, on: facts).viewSteps
        let first = try #require(steps.firstIndex(of: .symlink(to: "usr/bin", at: "bin")))
        let rest = steps[first...].drop { if case .symlink = $0 { true } else { false } }
        #expect(rest.first == .enterRoot)
    }

    @Test(arguments: seeds)
    func landlockGrantsOnlyWhatTheRulesetHandles(seed: UInt64) throws {
        let random = try RandomCase(seed: seed)
        let steps = try random.plan.viewSteps
        let rulesets = steps.compactMap { if case .landlockRuleset(let set) = $0 { set } else { nil } }
        guard random.facts.landlockABI > 0 else {
            #expect(rulesets == [])
            #expect(!steps.contains { if case .landlockPath = $0 { true } else { false } })
            return
        }
        #expect(rulesets.count == 1)
        for case .landlockPath(let path, let access) in steps {
            #expect(!access.isEmpty && rulesets[0].files.isSuperset(of: access), "\(path)")
            // The kernel refuses the rights of directories on anything else (EINVAL).
            let kind = random.facts.paths[path]
            if kind == .file || kind == .device { #expect(LandlockAccess.fileOnly.isSuperset(of: access), "\(path)") }
            let writable = ["/work", "/tmp", "/dev/shm", "/proc"].contains(path) || path.hasPrefix("/dev/")
            if !writable { #expect(access.isDisjoint(with: .change), "\(path)") }
        }
    }

    @Test(arguments: seeds)
    func descriptorsAreUniqueAndComplete(seed: UInt64) throws {
        let plan = try RandomCase(seed: seed).plan
        let descriptors = plan.descriptors
        #expect(Set(descriptors).count == descriptors.count)
        #expect(Set(descriptors).isSuperset(of: plan.steps.compactMap(\.descriptor)))
        #expect(Set(descriptors).isSuperset(of: plan.supervision.descriptors))
        let attachments = plan.steps.compactMap { if case .attach(let source, _, _) = $0 { source } else { nil } }
        #expect(Set(attachments).count == attachments.count, "a detached mount can be attached once")
    }

    @Test(arguments: seeds)
    func streamsGoWhereTheProgramFileSays(seed: UInt64) throws {
        let random = try RandomCase(seed: seed)
        let plan = try random.plan
        for stream in 0...2 {
            let connections = plan.programSteps.filter { step in
                switch step {
                case .stdio(_, let number), .redirect(_, _, let number), .duplicate(_, let number): number == stream
                default: false
                }
            }
            #expect(connections.count == 1, "\(streamNames[stream])")
        }
        #expect(
            plan.viewSteps.contains(.pipe(stream: 1, owner: Sample.identity.uid))
                == random.isRelayed(random.program.stdout, random.program.streamCaps.stdout))
        #expect(
            plan.viewSteps.contains(.pipe(stream: 2, owner: Sample.identity.uid))
                == random.isRelayed(random.program.stderr, random.program.streamCaps.stderr))
        #expect(
            (plan.supervision.stdout != nil)
                == random.isRelayed(random.program.stdout, random.program.streamCaps.stdout))
        #expect(
            (plan.supervision.stderr != nil)
                == random.isRelayed(random.program.stderr, random.program.streamCaps.stderr))
    }

    /// Made ahead is what does not depend on the request, and nothing is left out or done twice for it.
    @Test(arguments: seeds)
    func aWarmSandboxHasTheSameSteps(seed: UInt64) throws {
        let random = try RandomCase(seed: seed)
        var warm = try random.warmPlan
        let place = warm.programSteps.firstIndex(where: \.isHold)
        let hold = try #require(place)
        for step in warm.programSteps[..<hold] {
            if case .redirect(let path, _, _) = step { #expect(path == "/dev/null") }
        }
        let waited: [Step] = [.noNewPrivileges, .capabilities, .uid(Sample.identity.uid)]
        for step in waited { #expect(warm.programSteps[..<hold].contains(step), "it waits without rights") }
        for step in warm.programSteps[(hold + 1)...] {
            switch step {
            case .redirect, .duplicate, .seccomp, .execute: break
            default: Issue.record("\(step) could be done ahead")
            }
        }
        warm.programSteps.remove(at: hold)
        let cold = try random.plan
        #expect(warm.viewSteps == cold.viewSteps)
        #expect(warm.programSteps.map(\.description).sorted() == cold.programSteps.map(\.description).sorted())
    }

    @Test func theLimitsThatTheNodeCannotHoldAreHeldByRlimits() throws {
        func limits(_ controllers: Set<String>) throws -> [Step] {
            try Sample.plan(Sample.program(Sample.file()), on: Sample.node(controllers: controllers)).programSteps
        }
        let processes = Step.rlimit(.nproc, 33), memory = Step.rlimit(.addressSpace, 1 << 30)
        #expect(try !limits(["memory", "pids"]).contains { $0 == processes || $0 == memory })
        #expect(try limits(["memory"]).contains(processes))
        #expect(try limits(["pids"]).contains(memory))
    }
}

/// Carries out the steps that make the root, on a set of names.
struct SimulatedView {
    private(set) var complaints: [String] = []
    private var directories: Set<String> = [""]
    private var others: Set<String> = []
    private var readOnly: Set<String> = []
    private var mounted: Set<String> = []

    mutating func carryOut(_ step: Step) {
        switch step {
        case .directory(let path, _): make(path, isDirectory: true)
        case .symlink(_, let path), .file(let path, _, _), .device(let path, _, _): make(path, isDirectory: false)
        case .bind(let source, let path, let attributes):
            if !mounted.contains(where: { source.hasPrefix($0 + "/") }) { complaints.append("nothing at '\(source)'") }
            carryOut(.attach(.image, at: path, attributes))
        // The files of an image are not simulated, its directories are.
        case .cover(let path, _, _):
            if !directories.contains(parent(of: path)) { complaints.append("'\(path)' has no parent") }
        case .detach(let path):
            if mounted.remove(path) == nil { complaints.append("nothing to detach at '\(path)'") }
            directories.remove(path)
        case .attach(_, let path, let attributes), .mount(_, let path, let attributes, _, _):
            mounted.insert(path)
            if !directories.contains(path) && !others.contains(path) {
                complaints.append("nothing to mount on at '\(path)'")
            }
            if attributes.contains(.readOnly) { readOnly.insert(path) }
        default: break
        }
    }

    private mutating func make(_ path: String, isDirectory: Bool) {
        if path.isEmpty || path.hasPrefix("/") || path.hasSuffix("/") {
            complaints.append("'\(path)' is not a relative path")
        }
        if isDirectory && directories.contains(path) { return }
        if directories.contains(path) || others.contains(path) { complaints.append("'\(path)' is there already") }
        // What is shown of the host has its directories already.
        if isDirectory && readOnly.contains(where: { path.hasPrefix($0 + "/") }) {
            directories.insert(path)
            return
        }
        if !directories.contains(parent(of: path)) { complaints.append("'\(path)' has no parent") }
        if let mount = readOnly.first(where: { path.hasPrefix($0 + "/") }) {
            complaints.append("'\(path)' would be made in '\(mount)', which is read-only")
        }
        if isDirectory { directories.insert(path) } else { others.insert(path) }
    }

    private func parent(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "" }
}

/// Whatever a program on an image lists, of the node it sees its devices alone.
@Suite struct ImagePlanTests {
    static let securities = [
        "{root: {image: box}}", "{root: {image: box, writable: true}}",
        "{root: {image: box}, files: {read: [/opt/a, /etc], execute: [/usr/lib]}, devices: [/dev/kvm]}",
    ]
    private static let facts = Sample.node(
        paths: ["/dev/kvm": .device, "/opt/a": .directory, "/etc": .directory], image: Sample.image)

    @Test(arguments: securities) func theViewCanBeMade(security: String) throws {
        let plan = try Sample.plan(Sample.program(Sample.file(security: security)), on: Self.facts)
        var view = SimulatedView()
        for step in plan.viewSteps { view.carryOut(step) }
        #expect(view.complaints == [])
        let hidden = plan.viewSteps.filter { if case .detach = $0 { true } else { false } }
        #expect(hidden.last == .detach(".image"), "the whole image does not stay")
    }

    @Test(arguments: securities) func nothingOfTheNodeIsShown(security: String) throws {
        let plan = try Sample.plan(Sample.program(Sample.file(security: security)), on: Self.facts)
        for case .hostPath(let path) in plan.descriptors { #expect(path.hasPrefix("/dev/")) }
        #expect(!plan.viewSteps.contains { if case .landlockPath("/opt/a", _) = $0 { true } else { false } })
    }

    @Test func anImageOfWhichNothingIsKnownShowsNothing() throws {
        let plan = try Sample.plan(
            Sample.program(Sample.file(security: "{root: {image: box}}")), on: Sample.node())
        for case .hostPath(let path) in plan.descriptors { Issue.record("'\(path)' is shown") }
        #expect(!plan.viewSteps.contains { if case .bind = $0 { true } else { false } })
    }
}

/// Profiles that are allowed and that no view can be made of as the plan stands.
@Suite struct CollidingPathTests {
    private static let facts = Sample.node(paths: [
        "/etc": .directory, "/etc/passwd": .file, "/opt": .directory, "/opt/settings": .file, "/opt/x": .directory,
    ])

    private func complaints(_ security: String) throws -> [String] {
        let plan = try Sample.plan(Sample.program(Sample.file(security: security)), on: Self.facts)
        var view = SimulatedView()
        for step in plan.viewSteps { view.carryOut(step) }
        let sources = plan.steps.compactMap { if case .attach(let source, _, _) = $0 { source } else { nil } }
        let twice = Set(sources).count != sources.count ? ["a mount is attached twice"] : []
        return view.complaints + twice
    }

    @Test(arguments: [
        "{files: {read: [/opt/x]}}", "{files: {read: [/opt/settings], execute: [/opt/x]}}", "{files: {read: [/etc]}}",
        "{files: {read: [/opt, /opt/x]}}",
    ])
    func ordinaryOnesAreFine(security: String) throws {
        #expect(try complaints(security) == [])
    }

    @Test(arguments: [
        "{files: {read: [/etc/passwd]}}", "{files: {read: [/etc/ld.so.cache]}}",
        "{files: {read: [/usr]}}", "{files: {read: [/opt, /opt/settings]}}", "{files: {read: [/opt/x, /opt/x]}}",
        "{files: {read: [/opt/settings, /opt/settings]}}", "{files: {read: [/opt/x], execute: [/opt/x]}}",
    ])
    func collidingOnesAreAttachedOnce(security: String) throws {
        let complaints = try complaints(security)
        #expect(complaints == [])
    }
}
