import Programs
import Testing

@testable import Confinement

@Suite struct SeccompIdentityTests {
    /// The key is of everything that a policy says, whatever its names hold.
    @Test func policiesThatDifferHaveOtherKeys() {
        func comparing(_ change: (inout SeccompFile.Comparison) -> Void = { _ in }) -> SeccompPolicy.Rule {
            var comparison = SeccompFile.Comparison(argument: 1, operation: .equal, value: 2, valueTwo: 3)
            change(&comparison)
            return .init(call: "ioctl", answer: .allow, comparisons: [comparison])
        }
        func policy(
            _ allowed: [String], _ forbidden: [String] = [], _ rules: [SeccompPolicy.Rule] = [],
            otherwise: SeccompFile.Answer = .notPermitted
        ) -> SeccompPolicy {
            SeccompPolicy(allowed: allowed, forbidden: forbidden, rules: rules, otherwise: otherwise)
        }
        let policies = [
            policy([]), policy(["a"]), policy(["a", "b"]), policy(["b", "a"]), policy(["ab"]), policy(["a\u{0}b"]),
            policy(["a"], ["b"]), policy([], ["a", "b"]), policy([], [], otherwise: .kill),
            policy([], [], otherwise: .notImplemented), policy([], [], otherwise: .log), policy([], [], [comparing()]),
            policy([], [], [comparing { $0.argument = 0 }]), policy([], [], [comparing { $0.operation = .less }]),
            policy([], [], [comparing { $0.value = 1 }]), policy([], [], [comparing { $0.valueTwo = 1 }]),
            policy([], [], [comparing(), comparing()]), policy([], [], [.init(call: "ioctl", answer: .allow)]),
            policy([], [], [.init(call: "ioctl", answer: .error(1))]),
        ]
        #expect(Set(policies.map(\.identity)).count == policies.count)
        #expect(policy(["a"], ["b"]).identity == policy(["a"], ["b"]).identity)
    }
}
