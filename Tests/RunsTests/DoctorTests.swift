import Kernel
import Testing

@testable import Runs

@Suite struct CapabilityTests {
    @Test func readsTheEffectiveSet() {
        let status =
            "Name:\tx\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000001\nCapEff:\t000001fffeffffff\nCapBnd:\t0000\n"
        #expect(Capability.effective(inStatus: status) == 0x1ff_feff_ffff)
        #expect(Capability.effective(inStatus: "Name:\tx\n") == nil)
        #expect(Capability.effective(inStatus: "CapEff:\tnone\n") == nil)
    }

    @Test func resourceIsOptional() {
        let lines = PrivilegeChecks.capabilities(effective: 0x1ff_feff_ffff, isRoot: true)
        #expect(lines.map(\.status) == [.ok, .weaker])
        #expect(lines[1].found == "without CAP_SYS_RESOURCE")
        #expect(PrivilegeChecks.capabilities(effective: .max, isRoot: true).allSatisfy { $0.status == .ok })
    }

    @Test(arguments: Capability.needed.map(\.name))
    func eachOtherOneIsNeeded(name: String) throws {
        let capability = try #require(Capability.needed.first { $0.name == name })
        let line = PrivilegeChecks.capabilities(effective: .max & ~capability.mask, isRoot: true)[0]
        #expect(line.status == .missing)
        #expect(line.found == "without \(name)")
        #expect(line.cost?.hasSuffix("needs \(name)") == true)
    }
}

private let hybrid = MountTable(
    """
    22 27 0:21 / /proc rw,relatime - proc proc rw
    27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,prjquota
    35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
    42 27 0:39 / /mnt/a\\040b\\134c ro - xfs /dev/vdb rw,noquota
    nonsense
    """)

@Suite struct MountTableTests {
    @Test func parses() {
        #expect(hybrid.mounts.count == 5)
        #expect(hybrid.mount(id: 27)?.source == "/dev/vda")
        #expect(hybrid.mount(at: "/")?.superOptions == ["rw", "prjquota"])
        #expect(hybrid.mounts(ofType: "cgroup2").map(\.point) == ["/sys/fs/cgroup/unified"])
        #expect(hybrid.mount(id: 42)?.point == "/mnt/a b\\c")
        #expect(hybrid.mount(id: 42)?.options == ["ro"])
    }

    @Test func rootsThatPivotRootCannotLeave() {
        #expect(KernelChecks.rootMount(hybrid).status == .ok)
        #expect(KernelChecks.rootMount(MountTable("")).status == .missing)
        #expect(KernelChecks.rootMount(MountTable("1 0 0:2 / / rw - rootfs rootfs rw")).status == .missing)
    }

    @Test func projectQuotas() {
        #expect(Doctor.projectQuotas(mount: hybrid.mount(id: 27)).status == .ok)
        let xfs = Doctor.projectQuotas(mount: hybrid.mount(id: 42))
        #expect(xfs.status == .weaker)
        #expect(xfs.cure?.hasPrefix("only if runs need more room than memory: ") == true)
        #expect(xfs.cure?.contains("rootflags=prjquota") == true)
        #expect(Doctor.projectQuotas(mount: nil).status == .weaker)
    }
}

@Suite struct ControllerTests {
    private let memory = Controller.all[0]

    @Test func whyOneIsAbsent() {
        let table = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t1\t1\nblkio\t0\t1\t0\n"
        func absence(_ name: String) -> Absence? {
            Controller.all.first { $0.name == name }.map { .ofController($0, mounts: hybrid, table: table) }
        }
        #expect(absence("memory") == .heldByV1(at: "/sys/fs/cgroup/memory"))
        #expect(absence("cpuset") == .heldByV1(at: nil))
        #expect(absence("io") == .disabled)
        #expect(absence("pids") == .notInKernel)
    }

    @Test func words() {
        let held = CgroupChecks.weaker(memory, .heldByV1(at: "/x"))
        #expect(held.name == "memory controller")
        #expect(held.found == "held by the cgroup v1 hierarchy at /x")
        #expect(held.cost?.contains("RLIMIT_AS") == true)
        #expect(held.cure?.contains("systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all") == true)
        let level = CgroupChecks.weaker(memory, .notPassedDown(at: "/sys/fs/cgroup"))
        #expect(level.cure?.hasPrefix("echo +memory > /sys/fs/cgroup/cgroup.subtree_control") == true)
    }

    @Test func levelsOfTheTree() {
        #expect(TrialLeaf.ancestors(of: "/c/a/b/runs", from: "/c") == ["/c/a", "/c/a/b", "/c/a/b/runs"])
    }

    @Test func treeThatIsNotMounted() {
        #expect(CgroupChecks.notMounted(fileSystems: "nodev\tproc\n", hybrid).cure?.contains("CONFIG_CGROUPS") == true)
        let beside = CgroupChecks.notMounted(fileSystems: "nodev\tcgroup2\n", hybrid)
        #expect(beside.status == .missing)
        #expect(beside.cure == "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified")
        let alone = CgroupChecks.notMounted(fileSystems: "nodev\tcgroup2\n", MountTable(""))
        #expect(alone.cure == "mount -t cgroup2 none /sys/fs/cgroup")
    }
}

@Suite struct KernelJudgementTests {
    @Test func namespaces() {
        func judge(exists: Bool = true, limit: Int? = 100, errno: Int32 = 0, isRoot: Bool = true) -> Diagnosis {
            KernelChecks.namespace(
                "mount", option: "CONFIG_NAMESPACES", exists: exists, limit: limit, errno: errno, isRoot: isRoot)
        }
        #expect(judge() == .ok("mount namespace", "up to 100"))
        #expect(judge(exists: false).cure == "boot a kernel with CONFIG_NAMESPACES=y")
        #expect(judge(limit: 0, errno: 28).cure == "sysctl -w user.max_mnt_namespaces=65536")
        #expect(judge(errno: 1).status == .missing)
        // Without root the kernel's refusal says nothing about the kernel.
        #expect(judge(errno: 1, isRoot: false).status == .weaker)
    }

    @Test(arguments: [
        (-38, Diagnosis.Status.weaker, "the kernel has none"), (-95, .weaker, "switched off at boot"),
        (2, .weaker, "ABI 2"),
        (6, .ok, "ABI 6"), (9, .ok, "ABI 9"),
    ])
    func landlock(answer: Int, status: Diagnosis.Status, found: String) {
        let line = Doctor.landlock(answer: answer, modules: "capability,yama")
        #expect(line.status == status)
        #expect(line.found == found)
    }

    @Test func landlockCures() {
        #expect(
            Doctor.landlock(answer: -95, modules: "capability,yama").cure?.contains("lsm=landlock,capability,yama ")
                == true)
        let old = Doctor.landlock(answer: 3, modules: nil)
        #expect(
            old.cost
                == "does not confine device ioctls and abstract sockets and signals; namespaces and seccomp still do")
        #expect(old.cure?.contains("6.12") == true)
    }

    @Test func seccomp() {
        #expect(Doctor.seccomp(available: []).status == .missing)
        #expect(Doctor.seccomp(available: ["kill_process", "errno"]).status == .weaker)
        #expect(Doctor.seccomp(available: ["kill_process", "errno", "user_notif"]).status == .ok)
    }

    @Test func userNamespaces() {
        func judge(exist: Bool = true, limit: Int? = 1, unprivileged: Int? = nil, apparmor: Int? = nil) -> Diagnosis {
            Doctor.userNamespaces(exist: exist, limit: limit, unprivileged: unprivileged, apparmor: apparmor)
        }
        #expect(judge().status == .ok)
        #expect(judge(unprivileged: 1, apparmor: 0).status == .ok)
        #expect(judge(exist: false).cure == "boot a kernel with CONFIG_USER_NS=y")
        #expect(judge(limit: 0).cure == "sysctl -w user.max_user_namespaces=65536")
        #expect(judge(unprivileged: 0).cure == "sysctl -w kernel.unprivileged_userns_clone=1")
        #expect(judge(apparmor: 1).found == "kernel.apparmor_restrict_unprivileged_userns is 1")
    }

    @Test func overlay() {
        var node = ImageNode(fileSystems: "nodev\tproc\nnodev\toverlay\n", modules: "", hasLoopControl: true)
        #expect(node.overlay.status == .ok && node.images.status == .weaker)
        node.fileSystems = "nodev\toverlayed\n\terofs\n"
        #expect(node.overlay.status == .weaker && node.images.status == .ok)
        node.modules = "kernel/fs/overlayfs/overlay.ko.xz:\n"
        node.hasLoopControl = false
        #expect(node.overlay.status == .ok && node.images.found == "no loop devices")
    }
}

@Suite struct NodeJudgementTests {
    private let range: ClosedRange<UInt32> = 1000...1999

    @Test func mapping() {
        let everything = IDMap.inside("         0          0 4294967295\n")
        #expect(everything == [0...4_294_967_294])
        #expect(NodeChecks.uidMapping(range, uidMap: everything, gidMap: everything).status == .ok)
        let container = IDMap.inside("0 100000 1500\n1500 200000 100\nnonsense\n")
        #expect(container == [0...1499, 1500...1599])
        #expect(NodeChecks.uidMapping(range, uidMap: everything, gidMap: container).status == .missing)
        #expect(IDMap.inside("0 0 0\n18446744073709551615 0 2\n").isEmpty)
    }

    @Test func uidsOfOthers() {
        let passwd = "root:x:0:0::/root:/bin/sh\nana:x:1001:1001::/home/ana:/bin/sh\n+::::::\n"
        let line = NodeChecks.uidUsers(range, passwd: passwd, subordinate: "ben:1900:65536\nbad:x:1\n")
        #expect(line.status == .weaker)
        #expect(line.found == "in the range: 'ana' is 1001, and more")
        #expect(
            NodeChecks.uidUsers(range, passwd: "", subordinate: "ben:1900:200").found.hasSuffix(
                "'ben' may use 1900-2099"))
        #expect(NodeChecks.uidUsers(range, passwd: "root:x:0:0:::", subordinate: "ben:100000:65536").status == .ok)
    }

    @Test func slotsAndLeftOvers() {
        #expect(NodeChecks.uidSlots(total: 10, used: 3).found == "7 of 10")
        #expect(NodeChecks.uidSlots(total: 10, used: 10).status == .missing)
        #expect(NodeChecks.leftOvers(abandoned: [], alive: 2, kept: 1).found == "none; 2 alive, 1 kept")
        #expect(NodeChecks.leftOvers(abandoned: ["a", "b"], alive: 0, kept: 0).status == .weaker)
    }

    @Test func directories() {
        let good = DirectoryFacts(
            path: "/a/b", existing: "/a", writable: true, type: "ext4", freeBytes: 5 << 30, freeInodes: 9,
            countsInodes: true)
        func judge(_ change: (inout DirectoryFacts) -> Void) -> Diagnosis {
            var facts = good
            change(&facts)
            return facts.judge("state directory", setting: "JRUN_STATE", keeps: true)
        }
        #expect(judge { _ in } == .ok("state directory", "ext4, 5 GiB free, to be made"))
        #expect(judge { $0.writable = false }.status == .missing)
        #expect(judge { $0.freeBytes = 0 }.found == "ext4, no free bytes")
        #expect(judge { $0.freeInodes = 0 }.found == "ext4, no free inodes")
        #expect(judge { ($0.freeInodes, $0.countsInodes) = (0, false) }.status == .ok)
        #expect(judge { $0.freeBytes = 1 << 20 }.status == .weaker)
        #expect(judge { $0.type = "tmpfs" }.cure == "set JRUN_STATE to a directory on disk")
    }
}

@Suite struct DoctorTableTests {
    private let diagnoses: [Diagnosis] = [
        .ok("root", "effective uid 0"),
        .weaker("memory controller", "held by the cgroup v1 hierarchy", cost: "it costs", cure: "this cures"),
        .missing("clone3", "not there", cost: "no run", cure: "boot"),
    ]

    @Test func aligns() {
        let expected = """
            ok       root               effective uid 0
            weaker   memory controller  held by the cgroup v1 hierarchy
                       cost: it costs
                       cure: this cures
            missing  clone3             not there
                       cost: no run
                       cure: boot

            runs cannot start on this node: 1 missing, 1 weaker

            """
        #expect(DoctorTable(diagnoses, colour: false).text == expected)
    }

    @Test func verdicts() {
        #expect(DoctorTable([diagnoses[0]], colour: false).text.hasSuffix("\nthis node has everything\n"))
        #expect(DoctorTable(Array(diagnoses[..<2]), colour: false).text.hasSuffix("nothing missing, 1 weaker\n"))
        #expect(!Doctor.canRun(diagnoses) && Doctor.canRun(Array(diagnoses[..<2])))
    }

    @Test func sameCureIsSaidOnce() {
        let twice = [diagnoses[1], diagnoses[1]]
        let cures = DoctorTable(twice, colour: false).text.split(separator: "\n").filter { $0.contains("cure: ") }
        #expect(cures.map { $0.drop { $0 == " " } } == ["cure: this cures", "cure: the same"])
    }

    @Test func coloursOnlyTheStatus() {
        let text = DoctorTable([diagnoses[0]], colour: true).text
        #expect(text.hasPrefix("\u{1b}[32mok     \u{1b}[0m  root  effective uid 0\n"))
    }

    @Test func wraps() {
        #expect(DoctorTable.wrapped("a bb ccc", width: 4) == ["a bb", "ccc"])
        #expect(DoctorTable.wrapped("a very-long-word b", width: 4) == ["a", "very-long-word", "b"])
        #expect(DoctorTable.wrapped("", width: 4) == [""])
        let long = Diagnosis.weaker(
            "x", String(repeating: "word ", count: 60), cost: String(repeating: "c ", count: 90), cure: "-")
        let lines = DoctorTable([long], colour: false).text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 })
    }
}

@Suite struct DoctorExaminationTests {
    @Test func theTrialChildEndsByItself() {
        let answer = cloneOnce(flags: 0, cgroup: nil)
        // Where clone3 is filtered out there is nothing to see.
        #expect(answer > 0 || answer == -38 || answer == -1)
        #expect(cloneOnce(flags: 0, cgroup: 1_000_000_000) < 0)
    }

    /// Whoever runs it, wherever it runs: each line is complete, and nothing is left.
    @Test func everyLineIsComplete() throws {
        let place = "/tmp/jrun-doctor-test-\(RunID())"
        let settings = [
            "JRUN_STATE": "\(place)/state", "JRUN_RUNTIME": "\(place)/run", "JRUN_CGROUP": "jrun-test-\(RunID())",
        ]
        let node = try Node(environment: { settings[$0] }, executable: "/nowhere/jrun")
        let diagnoses = Doctor.examine(node: node)
        #expect(Set(diagnoses.map(\.name)).count == diagnoses.count)
        for line in diagnoses {
            #expect(!line.found.isEmpty, "\(line.name)")
            #expect((line.cost == nil) == (line.status == .ok), "\(line.name)")
            #expect((line.cure == nil) == (line.status == .ok), "\(line.name)")
        }
        #expect(diagnoses.first { $0.name == "jrun-init" }?.status == .missing)
        #expect(!FileSystem.exists(place))
        if let mountPoint = try CgroupTree.mountPoint() {
            let directory = try FileSystem.open(mountPoint, [.read, .directory])
            let names = try FileSystem.names(in: directory.raw).map { String(decoding: $0, as: UTF8.self) }
            #expect(!names.contains { $0.hasPrefix(settings["JRUN_CGROUP"] ?? "") })
        }
    }
}
