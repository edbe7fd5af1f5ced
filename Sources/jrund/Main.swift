import ControlAPI
import Hummingbird
import Logging
import NIOCore
import NIOPosix

@main
struct Jrund {
    static func main() async throws {
        let router = Router()
        router.get("/") { _, _ in "hello" }
        let app = Application(router: router, configuration: .init(address: .unixDomainSocket(path: defaultSocketPath)))
        try await app.runService()
    }
}
