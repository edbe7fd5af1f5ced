import Testing

@testable import Programs

/// The shipped program files of six well-known programs, against lists as people and attackers write them.
@Suite struct GrammarTableTests {
    static let tables = [tarTable, ffmpegTable, gccTable, glpsolTable, samtoolsTable, convertTable]

    /// One line of a table, by which a failing test is known.
    struct Line: Sendable, CustomTestStringConvertible {
        var table: ArgumentTable
        var list: ArgumentList
        var reasons: [Reason]

        var testDescription: String {
            "\(table.program) \(list.arguments.map { String(quoted($0).dropFirst().dropLast()) }.joined(separator: " "))"
        }
    }

    static let accepted = tables.flatMap { table in
        table.accepted.map { Line(table: table, list: $0, reasons: []) }
    }
    static let refused = tables.flatMap { table in
        table.refused.map { Line(table: table, list: $0.list, reasons: $0.reasons) }
    }

    @Test(arguments: tables.map(\.program))
    func theShippedFileIsGood(program: String) throws {
        _ = try ShippedPrograms.program(program)
    }

    @Test(arguments: accepted)
    func isAccepted(line: Line) throws {
        #expect(try violations(of: line).map(\.description) == [])
    }

    @Test(arguments: refused)
    func isRefusedWithPlaceAndReason(line: Line) throws {
        let violations = try violations(of: line)
        let missing = line.reasons.filter { reason in
            !violations.contains { reason.fits($0, line.list.arguments) }
        }
        #expect(missing.isEmpty, "not said: \(missing); said: \(violations)")
        #expect(violations.count == line.reasons.count, "said: \(violations)")
    }

    @Test func theTablesKeepTheirSize() {
        #expect(Self.accepted.count >= 150)
        #expect(Self.refused.count >= 250)
        for table in Self.tables {
            #expect(table.accepted.count >= 20, "\(table.program)")
            #expect(table.refused.count >= 35, "\(table.program)")
        }
    }

    @Test(arguments: tables)
    func noListStandsTwice(table: ArgumentTable) {
        var seen = Set<ArgumentList>()
        for list in table.accepted + table.refused.map(\.list) {
            #expect(seen.insert(list).inserted, "\(table.program) \(list.arguments)")
        }
    }

    @Test func everyReasonSaysSomething() {
        #expect(Self.refused.allSatisfy { !$0.reasons.isEmpty && $0.reasons.allSatisfy { $0.text.utf8.count >= 4 } })
    }

    private func violations(of line: Line) throws -> [Violation] {
        let program = try #require(Self.programs[line.table.program]).get()
        let inputs = line.table.inputs.map { RequestedInput(name: $0, size: 1) }
        switch program.check(Request(arguments: line.list.arguments, inputs: inputs)) {
        case .success: return []
        case .failure(let violations): return violations.violations
        }
    }

    /// Read once for all lines.
    private static let programs = Dictionary(
        uniqueKeysWithValues: tables.map { table in
            (table.program, Result { try ShippedPrograms.program(table.program) })
        })
}
