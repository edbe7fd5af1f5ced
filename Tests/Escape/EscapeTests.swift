import EscapeAttacks
import Testing

extension Escape {
    @Suite struct Attacks {
        /// An attack that could not succeed anywhere would prove nothing.
        @Test(arguments: attacks)
        func isStoppedInsideAndSucceedsOutside(_ attack: Attack) throws {
            let site = try Setting.site.get()
            expectStopped(attack, under: JrunExec(), at: site)
            switch attempt(attack, under: Outside(), at: site) {
            case .succeeded: break
            case .unavailable(let reason): Counts.unavailable(attack.name, reason)
            case let verdict: Issue.record("\(attack.name) outside: \(verdict)")
            }
        }

        /// A run that an ordinary user starts has the user's own uid: more depends on the namespaces.
        @Test(arguments: attacks)
        func isStoppedInsideWithoutRoot(_ attack: Attack) throws {
            let site = try Setting.site.get()
            if let reason = Setting.rootlessMissing {
                Counts.skipped()
                try Test.cancel("\(reason)")
            }
            expectStopped(attack, under: JrunRootless(), at: site)
        }

        /// The suite notices a hole: each of these profiles lets one attack through.
        @Test(
            arguments: [
                ("personality", ["seccomp": "{extends: default, allow: [personality]}"]),
                ("io-uring", ["seccomp": "{extends: default, allow: [io_uring_setup]}"]),
                ("host-tcp", ["network": "host"]), ("neighbour-tcp", ["network": "host"]),
            ] as [(String, [String: String])])
        func noticesAHole(_ name: String, _ weaknesses: [String: String]) throws {
            let attack = try #require(attacks.first { $0.name == name })
            let verdict = attempt(attack, under: JrunExec(weaknesses: weaknesses), at: try Setting.site.get())
            #expect(verdict == .succeeded)
        }

        @Test func everyAttackHasItsOwnName() {
            #expect(Set(attacks.map(\.name)).count == attacks.count)
            #expect(attacks.count >= 120)
        }

        private func expectStopped(_ attack: Attack, under confiner: any Confiner, at site: Site) {
            let verdict = attempt(attack, under: confiner, at: site)
            guard case .stopped = verdict else {
                Issue.record("\(attack.name) inside \(confiner.name): \(verdict)")
                return
            }
        }
    }
}
