// Every answer that jrund gave to any test, held against docs/openapi.yaml: `Tests/openapi-check`.

import Foundation
import Synchronization
import TestSupport
import Testing

enum Contract {
    private static let lines = Mutex<[Data]>([])

    /// Keeps an answer for the end of the suite.
    static func keep(_ answer: Answer) {
        // A stream that was cut off is judged by what the test expects of it.
        guard answer.exit == 0, let line = line(answer) else { return }
        lines.withLock { $0.append(line) }
    }

    private static func line(_ answer: Answer) -> Data? {
        let type = answer.headers["content-type"] ?? ""
        let isText = !["octet-stream", "x-tar"].contains { type.hasSuffix($0) } && answer.body.count < 4 << 20
        let object: [String: Any] = [
            "name": Test.current?.name ?? "?", "method": answer.call.method, "path": answer.call.path,
            "status": answer.status, "headers": answer.headers,
            "body": isText ? answer.text : NSNull(),
        ]
        return try? JSONSerialization.data(withJSONObject: object)
    }

    static func check(_ arguments: [String]) throws -> Ended {
        let package = try Place.shared.get().package
        return try Command(["/usr/bin/python3", "\(package)/Tests/openapi-check"] + arguments).run()
    }

    /// What is wrong with these answers.
    static func complaints(about answers: [Answer]) throws -> [String] {
        try complaints(answers.compactMap(line))
    }

    /// What is wrong with everything that was kept.
    static func complaints() throws -> [String] { try complaints(lines.withLock { $0 }) }

    private static func complaints(_ lines: [Data]) throws -> [String] {
        let file = "\(try Place.shared.get().directory)/answers-\(Place.number())"
        try Data(lines.joined(separator: Data("\n".utf8))).write(to: URL(fileURLWithPath: file))
        let ended = try check(["--answers", file])
        guard ended.status <= 1, ended.stderr.isEmpty else { throw DaemonError(description: ended.stderr) }
        return ended.text.split(separator: "\n").map(String.init)
    }
}
