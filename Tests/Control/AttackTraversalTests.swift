import Foundation
import Glibc
import TestSupport
import Testing

/// Every parameter of every operation, and every way to write a path that leads elsewhere.
extension Control {
    @Suite struct Traversal {
        /// As they stand in a URL.
        private static let forms: [String] = [
            // Plain, encoded once, twice, and half
            "..", "../..", "../../../../../../../../etc/passwd", "%2e%2e", "%2e%2e/%2e%2e/run.json", ".%2e/run.json",
            "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2frun.json", "..%2frun.json",
            "%252e%252e%252fetc%252fpasswd", "..%252f..%252frun.json", "a/../../run.json", "a/./../../program.yaml",
            "./run.json", "%2e/run.json", "a.txt/../../run.json", "....//....//etc/passwd", "..;/..;/etc/passwd",
            // Absolute
            "/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "%2f%2fetc%2fpasswd", "/proc/self/root/etc/passwd",
            "file:///etc/passwd", "~root", "%7eroot",
            // Other separators, and dots that are none
            "..%5c..%5cetc%5cpasswd", "..\\..\\etc\\passwd", "%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
            "%e0%80%ae%e0%80%ae%e0%80%af", "%f0%80%80%ae", "%ef%bc%8e%ef%bc%8e%ef%bc%8fetc", "%u002e%u002e%u002f",
            // What ends a text in C, and what begins another line
            "%00", "a.txt%00.bin", "..%00", "%00/etc/passwd", "a%0d%0aX-Injected:%20x", "a%0aid:%201", "%7f",
            "%1b%5b2J",
            // Names of jrund's own
            "run.json", "program.yaml", "events.jsonl", ".upload-1", "inputs", "results/a.out", "control", "status",
            // Encoded badly, and long
            "%", "%2", "%zz", "%ff%fe", "*", "%3f", "%23", "-", "%20", "",
            String(repeating: "../", count: 2_000), String(repeating: "a", count: 9_000),
            String(repeating: "a/", count: 3_000), String(repeating: "%2e%2e%2f", count: 1_500),
            String(repeating: "a", count: 40_000),
        ]

        private struct Attack {
            var method: String
            var path: String
        }

        @Test func nothingOutsideIsReachedByAnyParameter() throws {
            try withDaemon { daemon in
                let canary = "canary-\(UUID().uuidString)"
                _ = try daemon.scratch("canary.txt", canary.utf8)
                let created = try daemon.create("exit", "0"), ended = try daemon.startRun("exit", "0")
                _ = try daemon.ended(ended)
                // The end is shown first and noted then.
                var events = CrashEvents(first: 0)
                try events.read(RawConnection(daemon.socket), "/v1/runs/\(ended)/events") { $0.state == "complete" }
                let before = try Traversal.outside(daemon)
                var count = 0
                for attack in try Traversal.attacks(created, ended) {
                    // What was asked may not be HTTP any more; an answer there has to be.
                    let body: [UInt8]? = ["PUT", "POST"].contains(attack.method) ? [120] : nil
                    let answer = try RawConnection.answer(daemon.socket, attack.method, attack.path, body: body)
                    let what =
                        "\(attack.method) \(attack.path.prefix(200)): \(answer.status) \(answer.text.prefix(200))"
                    #expect((200..<500).contains(answer.status), "\(what)")
                    #expect(answer.headers["x-injected"] == nil, "\(what)")
                    for secret in [canary, "root:x:", "request_digest", "executable: "] {
                        #expect(!answer.text.contains(secret), "\(what)")
                    }
                    count += 1
                }
                print("traversal: \(count) requests")
                #expect(count > 2_000)
                let after = try Traversal.outside(daemon)
                let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
                let words = changed.map { "\($0): \(describe(before[$0])) -> \(describe(after[$0]))" }
                #expect(changed.isEmpty, "\(words)")
                #expect(try daemon.state(created) == "created" && daemon.state(ended) == "complete")
            }
        }

        /// One parameter at a time; the others are as they should be.
        private static func attacks(_ created: String, _ ended: String) throws -> [Attack] {
            let operations = try JSON(parsing: try Contract.check(["--parameters"]).stdout.array).array
            return operations.flatMap { operation -> [Attack] in
                let method = operation["method"].string ?? "", path = operation["path"].string ?? ""
                var attacks: [Attack] = []
                for run in path.contains("{id}") ? [created, ended] : [created] {
                    let usual = ["{id}": run, "{name}": "probe", "{path}": "a.txt"]
                    func filled(but name: String?) -> String {
                        usual.reduce(path) { $1.key == name ? $0 : $0.replacing($1.key, with: $1.value) }
                    }
                    for name in usual.keys where path.contains(name) {
                        attacks += forms.map {
                            Attack(method: method, path: filled(but: name).replacing(name, with: $0))
                        }
                    }
                    for name in operation["query"].array.compactMap(\.string) {
                        attacks += forms.filter { !$0.isEmpty }.map {
                            Attack(method: method, path: "\(filled(but: nil))?\(name)=\($0)")
                        }
                    }
                }
                return attacks
            }
        }

        private func describe(_ data: Data?) -> String {
            data.map { "\($0.count) bytes \(String(decoding: $0.suffix(200), as: UTF8.self))" } ?? "not there"
        }

        /// Every file of the daemon's place with its content, but for the inputs of runs and what is written anyway.
        private static func outside(_ daemon: Daemon) throws -> [String: Data] {
            var found: [String: Data] = [:]
            for case let path as String in FileManager.default.enumerator(atPath: daemon.directory) ?? .init() {
                let isInput = path.contains("/inputs/") || path.hasSuffix("/inputs")
                if isInput || path == "log" || path.hasPrefix("scratch/headers") { continue }
                let full = "\(daemon.directory)/\(path)"
                var status = stat()
                // A FIFO would be waited for.
                guard lstat(full, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                    found[path] = Data()
                    continue
                }
                found[path] = try Data(contentsOf: URL(fileURLWithPath: full))
            }
            return found
        }
    }
}
