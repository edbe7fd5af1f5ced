import ControlAPI
import Hummingbird
import Programs
import Runs

/// The control API: docs/control-api.md, line by line. Its routes are in the files `API….swift`.
struct API: Sendable {
    let daemon: Daemon

    var monitor: Monitor { daemon.monitor }

    // Long, but one line a route.
    func routes() -> Routes {
        let daemon = self.daemon
        let routes = Routes { daemon.live }
        routes.add("/v1/info", .get { try await info($0) })
        routes.add("/metrics", .get { try await metrics($0) })
        routes.add("/openapi.yaml", .get { try await openAPI($0) })
        routes.add("/v1/reload", .post { try await reload($0) })
        routes.add("/v1/programs", .get { try await programs($0) })
        routes.add("/v1/programs/{name}", .get { try await program($0) })
        routes.add("/v1/programs/{name}/schema", .get { try await schema($0) })
        routes.add("/v1/execute", .post(["keep"]) { try await execute($0) })
        routes.add("/v1/events", .get(["last_event_id"]) { try await events($0) })
        routes.add(
            "/v1/runs", .get(["state", "program", "user", "limit", "after"]) { try await runs($0) },
            .post { try await create($0) })
        routes.add("/v1/runs/{id}", .get(["wait"]) { try await run($0) }, .delete(["kill"]) { try await remove($0) })
        routes.add("/v1/runs/{id}/changes", .get { try await changes($0) })
        routes.add("/v1/runs/{id}/report", .get { try await report($0) })
        routes.add("/v1/runs/{id}/start", .post(["queue"]) { try await start($0) })
        for command in RunCommand.allCases {
            routes.add("/v1/runs/{id}/\(command.rawValue)", .post { try await self.command(command, $0) })
        }
        routes.add("/v1/runs/{id}/events", .get(["last_event_id"]) { try await runEvents($0) })
        routes.add("/v1/runs/{id}/files", .get { try await files($0) })
        routes.add(
            "/v1/runs/{id}/files/**", .get { try await file($0) }, .put { try await putFile($0) },
            .delete { try await removeFile($0) })
        routes.add("/v1/runs/{id}/archive", .get { try await archive($0) }, .put { try await putArchive($0) })
        for stream in OutputStream.allCases {
            routes.add(
                "/v1/runs/{id}/\(stream.rawValue)",
                .get(["offset", "limit", "follow"]) { try await output(stream, $0) })
        }
        routes.add("/v1/runs/{id}/stdin", .post(["close"]) { try await stdin($0) })
        return routes
    }

    // MARK: What more than one route needs

    /// The run that the path names, if the caller may see it.
    func visibleRun(_ call: Call) throws -> ManagedRun {
        let text = try call.parameter("id")
        guard let id = RunID(text), let run = monitor.run(id), !run.isGone,
            call.live.access.maySee(run.owner, call.peer)
        else {
            throw Problem(.notFound, "run '\(text.prefix(64))' does not exist, or is not yours")
        }
        return run
    }

    /// The program of that name, if the caller may use it.
    func usableProgram(_ name: String, _ call: Call) throws -> ProgramCatalog.Entry {
        guard let entry = call.live.catalog.program(name), call.live.access.mayUse(name, call.peer) else {
            throw Problem(
                .notFound,
                "program '\(name.prefix(64))' is not known here, or not for you; GET /v1/programs lists yours")
        }
        return entry
    }

    /// Carries out what blocks as a disk does, away from the threads that must not.
    func onDisk<Value: Sendable>(_ work: @Sendable () throws -> Value) async throws -> Value {
        try await blocking(work)
    }
}
