import FoundationEssentials
import Programs

// The other files of a run directory as JSON, on one line each, member by member in the order of the keys.

func runFileJSON(_ value: some JSONWritable) -> [UInt8] { JSONWriter.bytes(of: value) + [0x0a] }

func decodeRunFile<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(bytes))
}

extension FrozenRequest: JSONWritable {
    func json() -> [UInt8] { runFileJSON(self) }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("arguments", arguments)
            json.member("created", created)
            json.member("created_realtime", createdRealtime)
            json.member("environment", environment)
            json.member("idempotency_key", idempotencyKey)
            json.member("image", image)
            json.member("inputs", inputs)
            json.member("limits", limits)
            json.member("owner", owner)
            json.member("program", program)
            json.member("program_file", programFile)
            json.member("request_digest", requestDigest)
            json.member("run", run)
            json.member("schema", schema)
            json.member("uid", uid)
        }
    }
}

extension Owner: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("gid", gid)
            json.member("uid", uid)
        }
    }
}

extension LaunchRecord: JSONWritable {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("cloned_at", clonedAt)
            json.member("inputs", inputs)
            json.member("limits", limits)
            json.member("phases", phases)
            json.member("schema", schema)
            json.member("security", security)
            json.member("staged", staged)
            json.member("uid", uid)
            json.member("warm", warm)
        }
    }
}

extension LaunchRecord.Staged: JSONWritable {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("inode", inode)
            json.member("input", input)
        }
    }
}

extension Workspace.StagedInput: JSONWritable {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("modified_nanoseconds", modifiedNanoseconds)
            json.member("name", name)
            json.member("size", size)
        }
    }
}

extension StdinRecord: JSONWritable {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("bytes", bytes)
            json.member("is_closed", isClosed)
            json.member("is_truncated", isTruncated)
        }
    }
}

extension RunChanges: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("complete", complete)
            json.member("image", image)
            json.member("work", work)
        }
    }
}

extension RunChanges.Change: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("change", change.rawValue)
            json.member("path", path)
            json.member("size", size)
            json.member("type", type)
            json.member("was", was)
        }
    }
}
