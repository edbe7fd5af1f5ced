import ControlAPI
import HTTPTypes
import Hummingbird
import Logging
import Runs

typealias Handler = @Sendable (Call) async throws -> Response

/// The routes as a table, so that what the table does not have can be told apart: another method is 405, another path 404.
struct Routes {
    struct Method {
        var method: HTTPRequest.Method
        /// Query parameters that the route knows.
        var query: [String]
        var handler: Handler
    }

    private let router = Router(context: Context.self)
    private let live: @Sendable () -> Live

    init(live: @escaping @Sendable () -> Live) {
        self.live = live
        router.add(middleware: Answers())
    }

    func buildResponder() -> some HTTPResponder<Context> { router.buildResponder() }

    /// - Parameter path: as Hummingbird writes it: `/v1/runs/{id}/files/**`.
    func add(_ path: String, _ methods: Method...) {
        var all = methods
        if let get = methods.first(where: { $0.method == .get }) {
            all.append(Method(method: .head, query: get.query) { try await get.handler($0).createHeadResponse() })
        }
        for method in all { register(path, method) }
        let allow = all.map(\.method.rawValue).joined(separator: ", ")
        for other in Routes.knownMethods where !all.contains(where: { $0.method == other }) {
            router.on(RouterPath(path), method: other) { request, _ -> Response in
                throw ProblemWithHeaders(
                    problem: Problem(.method, "\(request.method.rawValue) is not possible here; possible: \(allow)"),
                    headers: [.allow: allow])
            }
        }
    }

    private func register(_ path: String, _ method: Method) {
        let live = self.live
        router.on(RouterPath(path), method: method.method) { request, context -> Response in
            let path = request.uri.path
            // Hummingbird does not tell '/v1//runs/' from '/v1/runs'.
            let isFile = path.contains("/files/") && !path.hasSuffix("/files/")
            if !isFile, path.contains("//") || path.count > 1 && path.hasSuffix("/") {
                throw Problem(.notFound, "there is no such route; GET /openapi.yaml lists them")
            }
            let query = try Query(request.uri.query, known: method.query)
            let holding = Holding(context.connection.holdings, uid: context.connection.peer.uid)
            return try await method.handler(
                Call(request: request, context: context, query: query, live: live(), holding: holding))
        }
    }

    /// Whatever the HTTP parser takes for a method. Source: RFC 9110 and the IANA registry.
    private static let knownMethods: [HTTPRequest.Method] = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "QUERY", "ACL", "BIND",
        "CHECKOUT",
        "COPY", "LINK", "LOCK", "M-SEARCH", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE", "NOTIFY", "PROPFIND",
        "PROPPATCH", "PURGE", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "UNBIND", "UNLINK", "UNLOCK",
        "UNSUBSCRIBE",
    ].compactMap { HTTPRequest.Method($0) }
}

extension Routes.Method {
    static func get(_ query: [String] = [], _ handler: @escaping Handler) -> Self {
        Self(method: .get, query: query, handler: handler)
    }

    static func put(_ query: [String] = [], _ handler: @escaping Handler) -> Self {
        Self(method: .put, query: query, handler: handler)
    }

    static func post(_ query: [String] = [], _ handler: @escaping Handler) -> Self {
        Self(method: .post, query: query, handler: handler)
    }

    static func delete(_ query: [String] = [], _ handler: @escaping Handler) -> Self {
        Self(method: .delete, query: query, handler: handler)
    }
}

/// Every error becomes a problem, also Hummingbird's own.
private struct Answers: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as ProblemWithHeaders {
            return error.problem.response(headers: error.headers)
        } catch {
            let problem = Problem.from(error)
            log(problem, context)
            return problem.response()
        }
    }

    private func log(_ problem: Problem, _ context: Context) {
        let level: Logger.Level = problem.status >= 500 && problem.status != 503 ? .error : .debug
        context.logger.log(
            level: level, "\(problem.detail)",
            metadata: ["uid": "\(context.connection.peer.uid)", "problem": "\(problem.status)"])
    }
}
