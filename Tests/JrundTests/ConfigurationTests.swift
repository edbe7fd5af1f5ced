import Programs
import Runs
import Testing

@testable import jrund

private let defaults = Configuration(
    defaultsOf: Machine(
        memoryBytes: 16 << 30, cpus: 4, runtimeDirectory: "/run/jrun", shippedPrograms: ["/usr/share/jrun/programs"]))

private func parse(_ text: String) -> Result<Configuration, ProgramFileErrors> {
    ConfigurationDecoder.parse(Array(text.utf8), fileName: "jrund.yaml", defaults: defaults)
}

private func errors(_ text: String) -> [String] {
    guard case .failure(let errors) = parse(text) else { return [] }
    return errors.errors.map(\.description)
}

@Suite struct ConfigurationTests {
    @Test func defaultsFollowTheMachine() {
        #expect(defaults.socket == "/run/jrun/control.sock")
        #expect(defaults.programs == ["/etc/jrun/programs", "/usr/share/jrun/programs"])
        #expect(defaults.capacity.memory == (16 << 30) / 10 * 9)
        #expect(defaults.capacity.cpus == 16)
        #expect(defaults.cpuset == nil && defaults.workDirectory == .memory)
    }

    @Test(arguments: ["", "# nothing\n\n   # at all\n", "\r\n"])
    func aFileThatSaysNothingMeansTheDefaults(text: String) throws {
        #expect(try parse(text).get() == defaults)
    }

    @Test func everyKeyIsTaken() throws {
        let configuration = try parse(
            """
            socket: /srv/jrun.sock
            programs: [/srv/programs]
            enforcement: best-effort
            admin_group: wheel
            work_directory: disk
            cpuset: 0,2-3
            capacity: {runs: 3, memory: 1GiB, cpus: 2, queue: 0}
            quota: {runs: 4, kept: 5GiB}
            retention: {time: 2d, size: 6GiB, created: 1h}
            access:
              - {program: glpsol, users: [ann, "1007"], groups: [chem]}
            metrics: {users: [prometheus]}
            connections: 99
            log: debug
            """
        ).get()
        #expect(configuration.socket == "/srv/jrun.sock")
        #expect(configuration.programs == ["/srv/programs"])
        #expect(configuration.enforcement == .bestEffort && configuration.monitorSettings.bestEffort)
        #expect(configuration.adminGroup == "wheel")
        #expect(configuration.workDirectory == .disk && configuration.monitorSettings.workDirectory == .disk)
        #expect(configuration.cpuset?.cpus == [0, 2, 3])
        #expect(configuration.capacity == .init(runs: 3, memory: 1 << 30, cpus: 2, queue: 0))
        #expect(configuration.quota == .init(runs: 4, keptBytes: 5 << 30))
        #expect(configuration.retention == .init(time: 172_800_000, bytes: 6 << 30, created: 3_600_000))
        #expect(configuration.access == [.init(program: "glpsol", users: ["ann", "1007"], groups: ["chem"])])
        #expect(configuration.metricsUsers == ["prometheus"])
        #expect(configuration.connections == 99)
        #expect(configuration.log == .debug)
    }

    @Test func allErrorsAreToldAtOnceWithTheirPlaces() {
        let found = errors(
            """
            sokcet: /run/x
            capacity: {runs: 0, memory: much}
            access: [{users: [ann]}, {program: a, users: ["a:b"]}, {program: a}]
            log: loud
            """)
        #expect(found.count == 7)
        #expect(found[0].hasPrefix("jrund.yaml:1:1: key 'sokcet' is not known here; did you mean 'socket'?"))
        #expect(found[1] == "jrund.yaml:2:18: capacity.runs: 0 is not between 1 and 100000")
        #expect(found[2].hasPrefix("jrund.yaml:2:29: capacity.memory: 'much' is not a size"))
        #expect(found[3] == "jrund.yaml:3:10: access: the required key 'program' is missing")
        #expect(found[4] == "jrund.yaml:3:47: access.users: 'a:b': not a name of a user or group")
        #expect(found[5].hasPrefix("jrund.yaml:3:66: access.program: 'a' is here twice"))
        #expect(found[6].hasPrefix("jrund.yaml:4:6: log: 'loud' is not possible here"))
    }

    @Test(arguments: [
        "- a", "socket: relative", "programs: /x", "connections: 1", "metrics: [a]", "cpuset: 3-1", "cpuset: all",
        "work_directory: ram",
    ])
    func whatCannotBeIsAnError(text: String) {
        #expect(errors(text).count == 1)
    }
}

@Suite struct OptionsTests {
    @Test func valuesAreTakenInBothForms() throws {
        let options = try Options(["--config", "/a", "--socket=/b", "--check"])
        #expect(options.configurationPath == "/a" && options.socket == "/b" && options.action == .check)
    }

    @Test(arguments: [["--confg"], ["--config"], ["--socket="], ["file"], ["--check=yes"]])
    func whatIsNoOptionIsRefused(arguments: [String]) {
        #expect(throws: Options.Misuse.self) { try Options(arguments) }
    }
}

@Suite struct AccessTests {
    private let users: [String: UInt32] = ["ann": 1000, "bob": 1001, "prometheus": 990]
    private let groups: [String: UInt32] = ["jrun-admin": 50, "chem": 60]

    private func access(_ text: String) throws -> Access {
        Access(try parse(text).get(), programs: [], uid: { users[$0] }, gid: { groups[$0] })
    }

    private func peer(_ uid: UInt32, _ groups: UInt32...) -> Peer { Peer(uid: uid, gid: uid, groups: Set(groups)) }

    @Test func rootAndTheGroupAreAdministrators() throws {
        let access = try access("")
        #expect(access.isAdministrator(peer(0)) && access.isAdministrator(peer(1000, 50)))
        #expect(!access.isAdministrator(peer(1000, 60)))
        #expect(try !self.access("admin_group: nobody-has-it").isAdministrator(peer(1000, 50)))
    }

    @Test func othersSeeTheirOwnRuns() throws {
        let access = try access("")
        #expect(access.maySee(Owner(uid: 1000, gid: 1), peer(1000)))
        #expect(!access.maySee(Owner(uid: 1001, gid: 1000), peer(1000)))
        #expect(access.maySee(Owner(uid: 1001, gid: 1), peer(1000, 50)))
    }

    @Test func aProgramIsForThoseWhoAreNamed() throws {
        let access = try access("access: [{program: p, users: [ann], groups: [chem]}, {program: nobody}]")
        #expect(access.mayUse("p", peer(1000)) && access.mayUse("p", peer(1001, 60)) && access.mayUse("p", peer(0)))
        #expect(!access.mayUse("p", peer(1001)) && !access.mayUse("nobody", peer(1000)))
        #expect(access.mayUse("other", peer(1001)))
    }

    @Test func metricsAreForAdministratorsAndThoseWhoAreNamed() throws {
        let access = try access("metrics: {users: [prometheus]}")
        #expect(access.mayReadMetrics(peer(990)) && access.mayReadMetrics(peer(0)))
        #expect(!access.mayReadMetrics(peer(1000)))
    }

    @Test func unknownNamesAreToldAndMatchNobody() throws {
        let access = try access("access: [{program: p, users: [zoe], groups: [none]}]")
        #expect(
            access.warnings == [
                "access of 'p': the node knows no user 'zoe'", "access of 'p': the node knows no group 'none'",
            ])
        #expect(!access.mayUse("p", peer(1000)))
    }
}
