import FoundationEssentials

/// `POST /v1/execute`
///
/// - Parameter Report: the report's type, which this module does not know.
public struct ExecuteAnswer<Report: Codable & Sendable>: Codable, Sendable {
    public var run: RunView
    public var report: Report
    /// `nil` when the stream goes elsewhere.
    public var stdout: ContentView?
    public var stderr: ContentView?
    /// By name.
    public var files: [String: ContentView]

    public init(
        run: RunView, report: Report, stdout: ContentView?, stderr: ContentView?, files: [String: ContentView]
    ) {
        self.run = run
        self.report = report
        self.stdout = stdout
        self.stderr = stderr
        self.files = files
    }
}

/// A content inside of an answer: exactly one of the three is there.
public struct ContentView: Codable, Sendable, Equatable {
    public var text: String?
    public var base64: String?
    /// Too large for the answer: only how many bytes it has.
    public var bytes: Int64?

    /// As text where it is one.
    public init(_ content: [UInt8]) {
        if let text = String(validating: content, as: UTF8.self) {
            self.text = text
        } else {
            base64 = Data(content).base64EncodedString()
        }
    }

    public init(bytes: Int64) { self.bytes = bytes }

    /// The bytes, if they are here.
    public var content: [UInt8]? {
        text.map { Array($0.utf8) } ?? base64.flatMap { Data(base64Encoded: $0) }.map(Array.init)
    }
}
