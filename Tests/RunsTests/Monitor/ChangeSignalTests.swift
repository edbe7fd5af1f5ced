import Testing

@testable import Runs

@Suite struct ChangeSignalTests {
    @Test func whatHasHappenedSinceIsNotWaitedFor() async {
        let signal = ChangeSignal()
        let version = signal.version
        signal.raise()
        await signal.wait(after: version)
        #expect(signal.version == version + 1)
    }

    @Test func everyWaiterIsWoken() async {
        let signal = ChangeSignal()
        let version = signal.version
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { await signal.wait(after: version) } }
            group.addTask { signal.raise() }
        }
        #expect(signal.version == version + 1)
    }

    @Test func aCancelledTaskWaitsNoLonger() async {
        let signal = ChangeSignal()
        let version = signal.version
        let waiting = Task { await signal.wait(after: version) }
        waiting.cancel()
        await waiting.value
        #expect(signal.version == version)
    }

    /// One task counts up, the other follows: however they are interleaved, the follower sees the last value.
    @Test func noChangeIsMissed() async {
        let signal = ChangeSignal()
        let log = Log()
        async let writing: Void = {
            for _ in 1...2_000 {
                await log.add()
                signal.raise()
            }
        }()
        var seen = 0
        while seen < 2_000 {
            let version = signal.version
            let count = await log.count
            if count == seen { await signal.wait(after: version) } else { seen = count }
        }
        await writing
        #expect(seen == 2_000)
    }

    private actor Log {
        private(set) var count = 0
        func add() { count += 1 }
    }
}
