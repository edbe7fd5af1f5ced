import ControlAPI
import Hummingbird
import Programs
import Runs

// The node and its programs.

extension API {
    func info(_ call: Call) async throws -> Response {
        let usage = monitor.usage
        let settings = monitor.settings
        let facts = daemon.facts
        return try answer(
            NodeInfo(
                version: version, api: "v1", node: facts.name, kernel: facts.kernel,
                architecture: facts.architecture, cpus: facts.cpus, since: daemon.since,
                enforcement: call.live.configuration.enforcement.rawValue,
                capacity: NodeInfo.Capacity(
                    runs: settings.capacity.runs, memoryBytes: settings.capacity.memory,
                    cpus: Double(settings.capacity.cpus), queue: settings.capacity.queue),
                used: NodeInfo.Capacity(
                    runs: usage.liveRuns, memoryBytes: usage.memory, cpus: Double(usage.cpuThousandths) / 1000,
                    queue: usage.queuedRuns),
                keptBytes: usage.keptBytes))
    }

    func openAPI(_ call: Call) async throws -> Response {
        guard let text = daemon.openAPI else {
            throw Problem(.notFound, "openapi.yaml is not installed beside jrund")
        }
        return Response(
            status: .ok, headers: [.contentType: "application/yaml"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: text)))
    }

    func reload(_ call: Call) async throws -> Response {
        guard call.isAdministrator else {
            throw Problem(.forbidden, "only root and members of the group for administrators may reload")
        }
        return try answer(ReloadAnswer(problems: try await daemon.reload()))
    }

    func metrics(_ call: Call) async throws -> Response {
        guard call.live.access.mayReadMetrics(call.peer) else {
            throw Problem(
                .forbidden, "metrics are for administrators and for the users that 'metrics' in jrund.yaml names")
        }
        let text = daemon.metricsText()
        return Response(
            status: .ok, headers: [.contentType: OpenMetrics.mediaType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    // MARK: Programs

    func programs(_ call: Call) async throws -> Response {
        let mine = call.live.catalog.entries.filter { call.live.access.mayUse($0.key, call.peer) }
        return try answer(ProgramList(programs: mine.sorted { $0.key < $1.key }.map { ProgramInfo($0.value) }))
    }

    func program(_ call: Call) async throws -> Response {
        let entry = try usableProgram(call.parameter("name"), call)
        return try answer(ProgramInfo(entry, file: entry.shown))
    }

    func schema(_ call: Call) async throws -> Response {
        let entry = try usableProgram(call.parameter("name"), call)
        let text = try await onDisk { entry.loaded.program.requestSchema.pretty() }
        return Response(
            status: .ok, headers: [.contentType: "application/schema+json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
