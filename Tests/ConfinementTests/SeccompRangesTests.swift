import Testing

@testable import Confinement
@testable import Programs

/// The filter in ranges of numbers answers every call as libseccomp's own does.
@Suite struct SeccompRangesTests {
    private static let policies: [(name: String, policy: SeccompPolicy)] = [
        ("standard", .standard),
        ("without uncounted memory", SeccompPolicy.standard.without(SeccompPolicy.uncountedMemory)),
        ("init out of reach", SeccompPolicy.standard.keepingInitOutOfReach),
        (
            "extended",
            SeccompPolicy.standard.extended(allow: ["ptrace", "socket", "clone3"], deny: ["read", "ioctl", "fcntl"])
        ),
        ("every third", everyThird),
        ("one call", SeccompPolicy(allowed: ["read"], forbidden: [], rules: [])),
        ("all but one", SeccompPolicy(allowed: [], forbidden: ["mount"], rules: [], otherwise: .allow)),
        ("comparisons", comparisons),
    ]

    /// Ranges of one call each: nothing to gain.
    private static var everyThird: SeccompPolicy {
        let names = numbers.filter { $0.value % 3 == 0 }.keys.sorted()
        return SeccompPolicy(allowed: names, forbidden: [], rules: [])
    }

    /// Every comparison there is, of two arguments, for neighbours among the calls.
    private static var comparisons: SeccompPolicy {
        var rules: [SeccompPolicy.Rule] = []
        for (index, name) in ["read", "write", "open", "close", "stat", "fstat", "lstat"].enumerated() {
            let one = ComparisonCase.all[index], other = ComparisonCase.all[(index + 2) % 7]
            rules.append(
                .init(
                    call: name, answer: .allow,
                    comparisons: [
                        .init(argument: 0, operation: one.operation, value: one.value, valueTwo: one.second),
                        .init(argument: 3, operation: other.operation, value: other.value, valueTwo: other.second),
                    ]))
        }
        return SeccompPolicy(allowed: ["poll"], forbidden: ["lseek"], rules: rules)
    }

    @Test(arguments: policies.map(\.name), [true, false])
    func theAnswersAreTheSame(_ name: String, notify: Bool) throws {
        let policy = try #require(SeccompRangesTests.policies.first { $0.name == name }).policy
        let filter = try policy.compile(notify: notify)
        let plain = try policy.compile(notify: notify, inRanges: false)
        let ranges = Interpreter(filter), original = Interpreter(plain)
        let constants = Set(BPFInstruction.read(plain.instructions).map(\.value))
        let near = constants.flatMap { [$0, $0 &+ 1, $0 &- 1] }
        for number in Set(near + (0..<1024) + [0x3fff_ffff, 0x4000_0000, 0xffff_ffff]) {
            for arch in [nativeArch, 0x4000_0003, 0] {
                let call = Call(number: number, arch: arch)
                #expect(ranges.answer(call) == original.answer(call), "\(number) of \(arch)")
            }
        }
        // Arguments matter for few calls; those that they are compared with, and their neighbours, in either half.
        let words = near.prefix(600).map(UInt64.init) + near.prefix(60).map { UInt64($0) << 32 | 1 }
        var random = SystemRandomNumberGenerator()
        for number in UInt32(0)..<470 {
            for _ in 0..<60 {
                let call = Call(number: number, arguments: (0..<6).map { _ in words.randomElement(using: &random)! })
                #expect(ranges.answer(call) == original.answer(call), "\(call)")
            }
        }
    }

    @Test func theStandardFilterIsHalfAsLong() throws {
        let filter = try SeccompPolicy.standard.compile(notify: true)
        let plain = try SeccompPolicy.standard.compile(notify: true, inRanges: false)
        #expect(filter.instructions.count * 2 < plain.instructions.count)
    }

    /// What is not of the form that libseccomp writes is left alone.
    @Test func whatIsNotUnderstoodStays() {
        typealias I = BPFInstruction
        let head = [
            I(code: I.load, value: I.architecture), I(code: I.ifEqual, yes: 1, value: nativeArch),
            I(code: I.answer, value: 0), I(code: I.load, value: I.number),
        ]
        let end = [I(code: I.answer, value: 1), I(code: I.answer, value: 2)]
        #expect(SeccompRanges([]) == nil)
        #expect(SeccompRanges(Array(head.dropFirst())) == nil)
        #expect(SeccompRanges(head) == nil, "runs off the end")
        #expect(SeccompRanges(head + [I(code: I.ifAnyBit, yes: 1, value: 1)] + end) == nil)
        #expect(SeccompRanges(head + [I(code: 0x54, value: 1)] + end) == nil)
        #expect(SeccompRanges(head + [I(code: I.ifEqual, yes: 1, value: 7)] + end)?.ranges.map(\.first) == [0, 7, 8])
    }
}
