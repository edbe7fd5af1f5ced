import EscapeAttacks
import Testing

/// The table as such; needs neither root nor binaries.
@Suite struct Catalogue {
    @Test func namesAreUnique() {
        let names = Dictionary(grouping: attacks, by: \.name).filter { $1.count > 1 }.keys
        #expect(names.isEmpty, "\(names.sorted())")
    }

    @Test func everyAttackSaysWhatStopsIt() {
        let silent = attacks.filter { $0.stoppedBy.isEmpty || $0.technique.isEmpty }.map(\.name)
        #expect(silent.isEmpty, "\(silent)")
    }
}
