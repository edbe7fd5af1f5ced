import Testing

@testable import Runs

@Suite struct RunIDTests {
    @Test func itIsAULID() {
        // The example of the ULID specification: 1469918176385 is 01ARYZ6S41.
        let id = RunID(milliseconds: 1_469_918_176_385, random: [UInt8](repeating: 0, count: 10))
        #expect(id.description == "01aryz6s41" + String(repeating: "0", count: 16))
        let last = RunID(milliseconds: (1 << 48) - 1, random: [UInt8](repeating: 255, count: 10))
        #expect(last.description == "7" + String(repeating: "z", count: 25))
    }

    @Test func idsSortByTime() {
        let zero = [UInt8](repeating: 0, count: 10), ones = [UInt8](repeating: 255, count: 10)
        var time: UInt64 = 1
        while time < 1 << 47 {
            // Whatever the random part is, the earlier millisecond comes first.
            let earlier = RunID(milliseconds: time, random: ones), later = RunID(milliseconds: time + 1, random: zero)
            #expect(earlier.description < later.description, "\(time)")
            time = time * 3 + 1
        }
    }

    @Test func newOnesAreDifferentAndLong() {
        let ids = (0..<1000).map { _ in RunID() }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.description.utf8.count == 26 })
        #expect(ids.allSatisfy { RunID($0.description) == $0 })
    }

    @Test(arguments: [
        "", "01aryz6s41", "01ARYZ6S410000000000000000", "01aryz6s4100000000000000000", "01aryz6s41000000000000000i",
        "01aryz6s41000000000000000l", "01aryz6s41000000000000000o", "01aryz6s41000000000000000u",
        "../../../../../../../../etc",
        "01aryz6s41000000000000/000", "01aryz6s4100000000000000 0", "01aryz6s41000000000000000\u{e9}",
    ])
    func whatIsNotAnIdIsRefused(text: String) { #expect(RunID(text) == nil) }
}

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (86_399, "1970-01-01T23:59:59.000Z"),
            (86_400, "1970-01-02T00:00:00.000Z"),
            (5_097_599, "1970-02-28T23:59:59.000Z"),
            (5_097_600, "1970-03-01T00:00:00.000Z"),
            (68_169_600, "1972-02-29T00:00:00.000Z"),
            (68_256_000, "1972-03-01T00:00:00.000Z"),
            (946_684_799, "1999-12-31T23:59:59.000Z"),
            (946_684_800, "2000-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (978_220_800, "2000-12-31T00:00:00.000Z"),
            (1_234_567_890, "2009-02-13T23:31:30.000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000Z"),
            (2_147_483_648, "2038-01-19T03:14:08.000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (13_574_563_200, "2400-02-29T00:00:00.000Z"),
        ] as [(UInt64, String)])
    func itIsTheGregorianCalendar(seconds: UInt64, text: String) { #expect(timestamp(seconds * 1_000_000_000) == text) }

    @Test func millisecondsAreCutOff() {
        #expect(timestamp(1_999_999) == "1970-01-01T00:00:00.001Z")
        #expect(timestamp(12_000_000) == "1970-01-01T00:00:00.012Z")
        #expect(timestamp(999_999_999) == "1970-01-01T00:00:00.999Z")
    }

    /// Day after day for four centuries, against the plainest counting there is.
    @Test func everyDayFollowsTheOneBefore() {
        var year = 1970, month = 1, day = 1
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        for index in 0..<UInt64(146_097) {
            let expected = "\(year)-\(two(month))-\(two(day))T00:00:00.000Z"
            let text = timestamp(index * 86_400_000_000_000)
            if text != expected {
                Issue.record("day \(index): \(text), not \(expected)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            day += 1
            if day > days[month - 1] { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
        }
    }
}
