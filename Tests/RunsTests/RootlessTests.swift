import Confinement
import Glibc
import Programs
import Testing

@testable import Runs

/// What is decided about an ordinary user's runs, from plain values.
@Suite struct RootlessTests {
    private let subuid = "root:1:5\nalice:100000:65536\nalice:900000:10\n1000:300000:70000\nbroken\nbob:x:1\n"

    @Test func largestRangeOfTheUserCounts() throws {
        let ids = try #require(SubordinateIDs(of: ["alice"], subuid: subuid, subgid: "alice:5000:300\n"))
        #expect(ids.uids == 100_000...165_535 && ids.gids == 5000...5299)
        #expect(ids.count == 300, "a run has a uid and a gid")
        let digits = try #require(SubordinateIDs(of: ["carol", "1000"], subuid: subuid, subgid: subuid))
        #expect(digits.uids == 300_000...369_999 && digits.count == 65_536)
    }

    @Test(arguments: ["bob", "carol", "ali", ""]) func othersHaveNone(_ name: String) {
        #expect(SubordinateIDs(of: [name], subuid: subuid, subgid: subuid) == nil)
    }

    @Test func oneFileIsNotEnough() {
        #expect(SubordinateIDs(of: ["alice"], subuid: subuid, subgid: "") == nil)
        #expect(SubordinateIDs(of: ["alice"], subuid: "", subgid: subuid) == nil)
    }

    @Test func helperMapsTheUserAndTheRuns() throws {
        let ids = try #require(SubordinateIDs(of: ["alice"], subuid: subuid, subgid: subuid))
        let words = ids.arguments("/usr/bin/newuidmap", pid: 77, own: 1000, first: 1_500_000_000, from: ids.uids)
        #expect(
            words.joined(separator: " ") == "/usr/bin/newuidmap 77 0 1000 1 1500000000 100000 65536")
    }

    private func refusal(_ step: Int32, _ errno: Int32, words: String = "", settings: [String: Int] = [:]) -> String {
        var refusal = RootlessRefusal(step: step, errno: errno, words: words)
        refusal.setting = { settings[$0] }
        return refusal.refused.description
    }

    @Test func refusalNamesTheCure() {
        let debian = ["kernel/unprivileged_userns_clone": 0]
        #expect(refusal(2, EPERM, settings: debian).contains("sysctl -w kernel.unprivileged_userns_clone=1"))
        let ubuntu = ["kernel/apparmor_restrict_unprivileged_userns": 1, "kernel/unprivileged_userns_clone": 1]
        #expect(refusal(6, EACCES, settings: ubuntu).contains("apparmor_restrict_unprivileged_userns=0"))
        #expect(refusal(2, ENOSPC).contains("sysctl -w user.max_user_namespaces"))
        #expect(refusal(2, EPERM).contains("make one: operation not permitted (EPERM)"))
        let helper = refusal(4, EPERM, words: "newuidmap: uid range [1-2) not allowed\n")
        #expect(
            helper.contains("(newuidmap: uid range [1-2) not allowed)") && helper.contains("JRUN_ROOTLESS_IDS=single"))
    }

    @Test func placesFollowTheXDGSpecification() throws {
        let home = try UserPlaces { $0 == "HOME" ? "/home/alice" : nil }
        #expect(home.state == "/home/alice/.local/state/jrun" && home.cache == "/home/alice/.cache/jrun")
        #expect(home.runtime == "/home/alice/.local/state/jrun/run")
        let variables = [
            "HOME": "/home/alice", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "relative",
            "XDG_RUNTIME_DIR": "/run/user/1",
            "XDG_CONFIG_HOME": "/c",
        ]
        let set = try UserPlaces { variables[$0] }
        #expect(set.state == "/s/jrun" && set.runtime == "/run/user/1/jrun")
        #expect(set.cache == "/home/alice/.cache/jrun", "a relative path is ignored")
        #expect(UserPlaces.programs { variables[$0] } == "/c/jrun/programs")
        #expect(throws: Node.BadSetting.self) { try UserPlaces { _ in nil } }
    }

    @Test func whatIsWeakerIsSaid() {
        var place = RootlessPlace(
            ids: .subordinate, uid: 1000, gid: 1000, runUIDs: 5000...5009, hasOtherGroups: true, cgroup: "/c")
        #expect(place.weaker.isEmpty && place.ownID == 0)
        place.cgroup = nil
        #expect(place.weaker.count == 1 && place.weaker[0].hasPrefix("no cgroup"))
        place.ids = .single
        place.reason = "because"
        #expect(place.ownID == 5000 && place.weaker.count == 4 && place.weaker.last == "because")
    }
}
