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

        /// A root image in place of the node's `/usr`, with what the attack wants to be shown in it.
        @Test(arguments: attacks)
        func isStoppedInAnImage(_ attack: Attack) throws { try expectStopped(attack, inImage: false) }

        /// In a writable one the program has every right over the files of its copy.
        @Test(arguments: attacks)
        func isStoppedInAWritableImage(_ attack: Attack) throws { try expectStopped(attack, inImage: true) }

        /// In a sandbox that was there before the request.
        @Test(arguments: attacks)
        func isStoppedInAWarmSandbox(_ attack: Attack) throws {
            let site = try Setting.site.get()
            if let reason = Setting.warmMissing {
                Counts.skipped()
                try Test.cancel("\(reason)")
            }
            expectStopped(attack, under: JrunWarm(), at: site)
        }

        @Test(arguments: [("personality", ["seccomp": "{extends: default, allow: [personality]}"])])
        func noticesAHoleInAWarmSandbox(_ name: String, _ weaknesses: [String: String]) throws {
            let attack = try #require(attacks.first { $0.name == name })
            let confiner = JrunWarm(weaknesses: weaknesses)
            #expect(attempt(attack, under: confiner, at: try Setting.site.get()) == .succeeded)
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

        @Test(arguments: [("personality", ["seccomp": "{extends: default, allow: [personality]}"])])
        func noticesAHoleInAnImage(_ name: String, _ weaknesses: [String: String]) throws {
            let attack = try #require(attacks.first { $0.name == name })
            let site = try Setting.site.get()
            if let reason = Setting.imagesMissing {
                Counts.skipped()
                try Test.cancel("\(reason)")
            }
            for isWritable in [false, true] {
                let confiner = JrunImage(isWritable: isWritable, weaknesses: weaknesses)
                #expect(attempt(attack, under: confiner, at: site) == .succeeded)
            }
        }

        @Test func everyAttackHasItsOwnName() {
            #expect(Set(attacks.map(\.name)).count == attacks.count)
            #expect(attacks.count >= 120)
        }

        private func expectStopped(_ attack: Attack, inImage isWritable: Bool) throws {
            let site = try Setting.site.get()
            if let reason = Setting.imagesMissing {
                Counts.skipped()
                try Test.cancel("\(reason)")
            }
            expectStopped(attack, under: JrunImage(isWritable: isWritable), at: site)
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
