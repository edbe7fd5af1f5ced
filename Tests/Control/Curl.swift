// One request by curl, and what came back. Every answer is kept and held against docs/openapi.yaml at the end of the suite.

import Foundation
import TestSupport

/// What curl is asked.
struct Call {
    var method: String
    var path: String
    var headers: [String] = []
    var body: [UInt8]?
    /// A command that starts curl, such as setpriv.
    var wrapper: [String] = []
    var options: [String] = []
    var seconds = 60.0

    init(_ method: String, _ path: String, json: String? = nil) {
        (self.method, self.path) = (method, path)
        if let json {
            body = Array(json.utf8)
            headers.append("Content-Type: application/json")
        }
    }

    /// - Parameters:
    ///   - headerFile: curl writes the answer's headers there.
    ///   - bodyFile: holds the body; a pipe would need somebody who feeds it.
    func command(socket: String, headerFile: String, bodyFile: String) -> Command {
        var arguments =
            wrapper + [
                "/usr/bin/curl", "-sS", "-N", "--globoff", "--path-as-is", "--unix-socket", socket, "-D", headerFile,
            ]
        arguments += method == "HEAD" ? ["--head"] : ["-X", method]
        arguments += headers.flatMap { ["-H", $0] } + options
        if body != nil { arguments += ["--data-binary", "@\(bodyFile)"] }
        if body != nil, !headers.contains(where: { $0.hasPrefix("Content-Type:") }) {
            arguments += ["-H", "Content-Type: application/octet-stream"]
        }
        var command = Command(arguments + ["http://jrun\(path)"])
        command.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        command.seconds = seconds
        return command
    }

    func with(_ change: (inout Call) -> Void) -> Call {
        var call = self
        change(&call)
        return call
    }
}

/// What came back.
struct Answer: CustomStringConvertible {
    var call: Call
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: Bytes
    /// curl's own exit code: 18 and 56 are a connection that was cut off.
    var exit: Int32
    var complaint: String
    var elapsed: Duration

    var text: String { String(decoding: body.array, as: UTF8.self) }
    var json: JSON { (try? JSON(parsing: body.array)) ?? JSON(nil) }
    /// `invalid` of `urn:jrun:problem:invalid`.
    var problem: String? {
        json["type"].string.map { $0.replacingOccurrences(of: "urn:jrun:problem:", with: "") }
    }
    var detail: String { json["detail"].string ?? "" }

    var description: String {
        "\(call.method) \(call.path): \(status) \(headers["content-type"] ?? ""), curl \(exit) \(complaint), \(text.prefix(600))"
    }
}

/// The last block of what `curl -D` wrote: before it may be "100 Continue".
func parseHeaders(_ text: String) -> (status: Int, headers: [String: String]) {
    var status = 0
    var headers: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
        if line.hasPrefix("HTTP/") {
            status = Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
            headers = [:]
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers[line[..<colon].lowercased()] = value
        }
    }
    return (status, headers)
}
