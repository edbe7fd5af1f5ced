@testable import Programs

/// What one program's file accepts and refuses, one line a list.
struct ArgumentTable: Sendable {
    var program: String
    /// The input files that every request of the table brings.
    var inputs: [String]
    var accepted: [ArgumentList]
    var refused: [RefusedList]
}

/// An argument list: a text whose words are the arguments, or an array where a word has a space in it, or none at all.
struct ArgumentList: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    var arguments: [String]

    init(stringLiteral line: String) { arguments = words(line) }

    init(arrayLiteral arguments: String...) { self.arguments = arguments }

    init(_ arguments: [String]) { self.arguments = arguments }

    static func + (a: ArgumentList, b: ArgumentList) -> ArgumentList { ArgumentList(a.arguments + b.arguments) }

    static func == (a: ArgumentList, b: ArgumentList) -> Bool {
        a.arguments.map { Array($0.utf8) } == b.arguments.map { Array($0.utf8) }
    }

    func hash(into hasher: inout Hasher) { hasher.combine(arguments.map { Array($0.utf8) }) }
}

/// A list that must be refused, with everything that the answer says about it: a refusal too few is as wrong as one
/// too many.
struct RefusedList: Sendable {
    var list: ArgumentList
    var reasons: [Reason]
}

/// One refusal: where it points, and the decisive part of its sentence.
struct Reason: Sendable, CustomStringConvertible {
    /// The whole list, an argument by its number, or the end of the list, where something is missing.
    enum Place: Sendable, Equatable, ExpressibleByIntegerLiteral {
        case list, argument(Int), end

        init(integerLiteral number: Int) { self = .argument(number) }
    }

    var place: Place
    var text: String

    var description: String { "\(place): \(text)" }

    func fits(_ violation: Violation, _ arguments: [String]) -> Bool {
        guard violation.message.contains(text) else { return false }
        return switch place {
        case .argument(let number):
            arguments.indices.contains(number - 1)
                && isSame(violation.place, "argument \(number) \(quoted(arguments[number - 1]))")
        case .list: isSame(violation.place, "arguments")
        case .end: isSame(violation.place, "end of arguments")
        }
    }
}

/// `no("-x", at: 1, "no rule accepts it")`: this list is refused, there, for this reason.
func no(
    _ list: ArgumentList, at place: Reason.Place, _ reason: String, and more: [(Reason.Place, String)] = []
) -> RefusedList {
    RefusedList(list: list, reasons: [Reason(place: place, text: reason)] + more.map { Reason(place: $0, text: $1) })
}
