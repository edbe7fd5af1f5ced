import Programs
import Runs

/// Who may do what, with every name already looked up: asking costs a look into a set.
struct Access: Sendable {
    private struct Allowed: Sendable {
        var users: Set<UInt32>
        var groups: Set<UInt32>
    }

    private let adminGroup: UInt32?
    private let programs: [String: Allowed]
    private let metrics: Set<UInt32>
    /// One sentence for each name that the node does not know.
    private(set) var warnings: [String] = []

    /// An entry of the configuration stands in place of what the program file itself says.
    init(
        _ configuration: Configuration, programs catalog: [Program], uid: (String) -> UInt32?,
        gid: (String) -> UInt32?
    ) {
        var unknown: [String] = []
        func known(_ names: [String], _ kind: String, _ place: String, _ look: (String) -> UInt32?) -> Set<UInt32> {
            Set(
                names.compactMap { name in
                    let number = look(name)
                    if number == nil { unknown.append("\(place): the node knows no \(kind) '\(name)'") }
                    return number
                })
        }
        var programs: [String: Allowed] = [:]
        for program in catalog {
            guard let who = program.who else { continue }
            let place = "program '\(program.name)', who"
            programs[program.name] = Allowed(
                users: known(who.users, "user", place, uid), groups: known(who.groups, "group", place, gid))
        }
        for entry in configuration.access {
            let place = "access of '\(entry.program)'"
            programs[entry.program] = Allowed(
                users: known(entry.users, "user", place, uid), groups: known(entry.groups, "group", place, gid))
        }
        self.programs = programs
        metrics = known(configuration.metricsUsers, "user", "metrics", uid)
        // A node without that group has only root for an administrator: nothing to warn of.
        adminGroup = gid(configuration.adminGroup)
        warnings = unknown
    }

    func isAdministrator(_ peer: Peer) -> Bool {
        peer.uid == 0 || adminGroup.map(peer.groups.contains) ?? false
    }

    func maySee(_ owner: Owner, _ peer: Peer) -> Bool { owner.uid == peer.uid || isAdministrator(peer) }

    func mayUse(_ program: String, _ peer: Peer) -> Bool {
        guard let allowed = programs[program], !isAdministrator(peer) else { return true }
        return allowed.users.contains(peer.uid) || !allowed.groups.isDisjoint(with: peer.groups)
    }

    func mayReadMetrics(_ peer: Peer) -> Bool { isAdministrator(peer) || metrics.contains(peer.uid) }
}
