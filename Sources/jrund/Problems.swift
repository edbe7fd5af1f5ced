import ControlAPI
import Hummingbird
import Programs
import Runs

// The one place where errors become answers.

extension Problem {
    init(_ refusal: MonitorRefusal) {
        self.init(Problem.kind(of: refusal.kind), refusal.description)
        if refusal.kind == .invalid { violations = refusal.violations.map(ViolationView.init) }
        state = refusal.state?.rawValue
        exitCode = refusal.exitCode
    }

    /// What the program's rules refuse.
    init(_ refused: Violations) { self.init(MonitorRefusal(refused)) }

    private static func kind(of kind: MonitorRefusal.Kind) -> Kind {
        switch kind {
        case .malformed: .malformed
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .ended: .ended
        case .precondition: .precondition
        case .tooLarge: .tooLarge
        case .range: .range
        case .invalid: .invalid
        case .quota: .quota
        case .busy: .busy
        case .node: .node
        }
    }

    /// Any error that a route throws.
    static func from(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let refusal as MonitorRefusal: Problem(refusal)
        case let refused as Violations: Problem(refused)
        case let error as HTTPError where error.status == .notFound:
            Problem(.notFound, "there is no such route; GET /openapi.yaml lists them")
        case is CancellationError: Problem(.malformed, "the connection was closed before the answer")
        default: Problem(.node, "\(error)")
        }
    }

    func response(headers: HTTPFields = HTTPFields()) -> Response {
        // Encoding a flat structure of texts cannot fail.
        let bytes = (try? APICoder.encode(self)) ?? []
        var headers = headers
        headers[.contentType] = Problem.mediaType
        return Response(
            status: .init(code: status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension Problem.ViolationView {
    init(_ violation: Violation) {
        self.init(
            rule: violation.rule, place: violation.place, message: violation.message, position: violation.position)
    }
}

/// A problem together with what belongs into its header: `Allow`, `Content-Range`.
struct ProblemWithHeaders: Error {
    var problem: Problem
    var headers: HTTPFields
}
