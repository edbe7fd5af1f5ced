import ControlAPI
import Programs
import Runs

// The answers of every run's way, written without an encoder: member by member in the order of the keys.

/// `POST /v1/execute`: an `ExecuteAnswer` for whoever reads it.
struct ExecuteJSON: JSONWritable {
    var run: RunView
    var report: Report
    var stdout: ContentView?
    var stderr: ContentView?
    var files: [String: ContentView]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("files", files)
            json.member("report", report)
            json.member("run", run)
            json.member("stderr", stderr)
            json.member("stdout", stdout)
        }
    }
}

extension ContentView: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("base64", base64)
            json.member("bytes", bytes)
            json.member("text", text)
        }
    }
}

extension RunView: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("arguments", arguments)
            json.member("cause", cause)
            json.member("created", created)
            json.member("ended", ended)
            json.member("environment", environment)
            json.member("exit_code", exitCode)
            json.member("id", id)
            json.member("inputs", inputs)
            json.member("kept_bytes", keptBytes)
            json.member("limits", limits)
            json.member("owner", owner)
            json.member("program", program)
            json.member("queue_position", queuePosition)
            json.member("signal", signal)
            json.member("started", started)
            json.member("state", state)
            json.member("stderr", stderr)
            json.member("stdin", stdin)
            json.member("stdout", stdout)
            json.member("summary", summary)
            json.member("terminating", terminating)
        }
    }
}

extension RunView.ProgramView: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("digest", digest)
            json.member("name", name)
            json.member("version", version)
        }
    }
}

extension RunView.OwnerView: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("name", name)
            json.member("uid", uid)
        }
    }
}

extension RunView.StdinView: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("bytes", bytes)
            json.member("closed", closed)
            json.member("kind", kind)
        }
    }
}

extension RunView.StreamView: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("bytes", bytes)
            json.member("ended", ended)
            json.member("kind", kind)
        }
    }
}
