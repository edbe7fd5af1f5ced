/// What was found out about a file's content: pure, so that a request can carry it.
public struct ContentFacts: Sendable, Equatable {
    /// Every kind that the file is; text only where it was asked about.
    public var types: Set<ContentType>
    /// Why it is not text, where that was asked.
    public var textFault: String?

    public init(types: Set<ContentType>, textFault: String? = nil) {
        self.types = types
        self.textFault = textFault
    }

    /// Why the file is none of these kinds, or `nil` if it is one; no kinds: any content will do.
    public func reasonToRefuse(as accepted: [ContentType]) -> String? {
        guard !accepted.isEmpty, types.isDisjoint(with: accepted) else { return nil }
        let names = accepted.map(\.rawValue)
        let wanted = names.count == 1 ? names[0] : "one of \(shortList(names))"
        let found = ContentType.allCases.filter { types.contains($0) }.map(\.rawValue)
        if !found.isEmpty { return "its content is \(shortList(found)), not \(wanted)" }
        let fault = accepted.contains(where: \.isText) ? textFault.map { ": \($0)" } ?? "" : ""
        return "its content is not \(wanted)\(fault)"
    }
}

/// Finds out what one file is, from its bytes in order. Whoever reads the file asks `wants` how far to go.
public struct ContentInspector: Sendable {
    private let looksForText: Bool
    private let headBytes: Int
    private var head: [UInt8] = []
    private var text = TextCheck()

    /// Longest head that is kept to say what a file is instead.
    private static let shortHead = 512

    /// - Parameter accepted: the kinds of content that are asked about.
    public init(lookingFor accepted: [ContentType]) {
        looksForText = accepted.contains(where: \.isText)
        headBytes = max(Self.shortHead, accepted.map(\.headBytes).max() ?? 0)
    }

    /// Whether more of the file can change the answer.
    public var wantsMore: Bool { head.count < headBytes || looksForText && text.fault == nil }

    /// The next piece of the file, of any length.
    public mutating func add(_ bytes: [UInt8]) {
        if head.count < headBytes { head += bytes.prefix(headBytes - head.count) }
        if looksForText { text.add(bytes) }
    }

    /// The answer, when the file has ended or nothing more is wanted.
    public consuming func facts() -> ContentFacts {
        text.finish()
        let head = self.head
        var types = Set(ContentType.allCases.filter { $0.matches(head: head) })
        guard looksForText else { return ContentFacts(types: types) }
        if let (fault, offset) = text.fault {
            return ContentFacts(types: types, textFault: "byte \(offset + 1) \(fault.phrase)")
        }
        types.insert(.text)
        if text.isASCII { types.insert(.asciiText) }
        return ContentFacts(types: types, textFault: text.isASCII ? nil : "it has characters beyond ASCII")
    }
}

extension TextCheck.Fault {
    fileprivate var phrase: String {
        switch self {
        case .control(let byte):
            "is the control character U+00" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        case .invalid: "is not valid UTF-8"
        case .cutOff: "is missing: the file ends inside a character"
        }
    }
}
