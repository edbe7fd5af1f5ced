import EscapeAttacks
import Testing

extension Escape {
    @Suite struct Attacks {
        /// An attack that could not succeed anywhere would prove nothing.
        @Test(arguments: attacks)
        func isStoppedInsideAndSucceedsOutside(_ attack: Attack) throws {
            let site = try Setting.site.get()
            let outside = attempt(attack, under: Outside(), at: site)
            let inside = attempt(attack, under: JrunExec(), at: site)
            guard case .stopped = inside else {
                Issue.record("inside: \(inside)")
                return
            }
            switch outside {
            case .succeeded: break
            case .unavailable(let reason): Counts.unavailable(attack.name, reason)
            default: Issue.record("outside: \(outside)")
            }
        }

        /// By an ordinary user; the control is the other test's.
        @Test(arguments: attacks)
        func isStoppedWithoutRootToo(_ attack: Attack) throws {
            let inside = attempt(attack, under: JrunRootless(), at: try Setting.site.get())
            guard case .stopped = inside else {
                Issue.record("\(inside)")
                return
            }
        }
    }
}
