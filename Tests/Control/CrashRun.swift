import TestSupport

/// One run of the crash test: what was asked for, what has come, and what must be.
struct CrashRun {
    static let finalStates: Set = ["complete", "failed", "interrupted", "killed"]

    var key: String
    var life: CrashClient.Life
    var id = ""
    var lines = 0
    var burst = 1
    var exitCode = 0
    var isEndless = false
    var input: [UInt8] = []
    var output: [UInt8] = []
    var pauses = 0
    var events: [CrashEvent] = []

    init(key: String, life: CrashClient.Life) { (self.key, self.life) = (key, life) }

    var path: String { "/v1/runs/\(id)" }

    private var ending: (state: String, cause: String) {
        switch life {
        case .killed: ("killed", "kill-request")
        case .terminated, .terminatedFrozen: ("interrupted", "terminate-request")
        default: (exitCode == 0 ? "complete" : "failed", "exit")
        }
    }

    func checkEnd(_ json: JSON, _ what: String) throws {
        let found =
            "\(json["state"].string ?? "?"), cause \(json["cause"].string ?? "?"), \(json["exit_code"].int ?? -1)"
        let expected = "\(ending.state), cause \(ending.cause), \(isEndless ? -1 : exitCode)"
        if found != expected { throw CrashClient.Wrong(description: "\(what) says \(found), not \(expected): \(json)") }
    }

    /// Every line once and in order; all of them at the end of a run that came to its own.
    func checkOutput() throws {
        let expected = Numbered.bytes(output.count)
        if output != expected {
            let place = zip(output, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
            let around = String(decoding: output[max(0, place - 40)..<min(output.count, place + 40)], as: UTF8.self)
            throw CrashClient.Wrong(description: "stdout is wrong at byte \(place) of \(output.count): \(around)")
        }
    }

    func checkWholeOutput() throws {
        if !isEndless, output != Numbered.lines(lines) {
            throw CrashClient.Wrong(description: "stdout has \(output.count) bytes, not those of \(lines) lines")
        }
    }

    /// Each transition exactly once.
    func checkEvents() throws {
        let states = events.map(\.state)
        var expected = ["created", "starting", "running"]
        for _ in 0..<pauses { expected += ["suspended", "running"] }
        if life == .terminatedFrozen { expected.append("suspended") }
        // Thawed for the stop signal, it runs once more; that may be said or not.
        let alternative = expected + ["running", ending.state]
        expected.append(ending.state)
        guard states == expected || life == .terminatedFrozen && states == alternative else {
            throw CrashClient.Wrong(description: "events \(states), not \(expected)")
        }
    }
}

/// `line 1` and so on, as the program prints them.
enum Numbered {
    private static let most = lines(200_000)

    static func lines(_ count: Int) -> [UInt8] { (0..<count).flatMap { Array("line \($0 + 1)\n".utf8) } }

    /// The first so many bytes.
    static func bytes(_ count: Int) -> [UInt8] { Array(most.prefix(count)) }

    static let script = """
        #!/bin/sh
        cp input.txt result.out
        i=0
        while [ $i -lt $1 ]; do
            i=$((i + 1))
            echo "line $i"
            [ $((i % $2)) -ne 0 ] || sleep 0.05
        done
        exit $3
        """
}

/// One transition, as the event stream says it.
struct CrashEvent: Sendable, Equatable {
    var sequence: Int
    var run: String
    var state: String
}

/// Server-sent events, read over any number of connections.
struct CrashEvents {
    private(set) var events: [CrashEvent] = []
    private var last: Int

    /// - Parameter first: the events behind this number.
    init(first: Int) { last = first }

    /// Reads until `isEnough`.
    mutating func read(_ connection: RawConnection, _ path: String, until isEnough: (CrashEvent) -> Bool) throws {
        connection.send("GET", path, headers: ["Last-Event-ID: \(last)", "Accept: text/event-stream"])
        let head = try connection.head()
        guard head.status == 200, head.headers["content-type"]?.hasPrefix("text/event-stream") == true else {
            throw CrashClient.Wrong(description: "\(path): \(head)")
        }
        var rest: [UInt8] = []
        if let event = events.last, isEnough(event) { return }
        while let bytes = try connection.piece() {
            rest += bytes
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeSubrange(...end)
                if try take(line), let event = events.last, isEnough(event) { return }
            }
        }
        throw CrashClient.Wrong(description: "\(path) has ended behind \(events.map(\.state).suffix(5))")
    }

    /// - Returns: whether the line brought an event.
    private mutating func take(_ line: String) throws -> Bool {
        if line.hasPrefix("event: gap") { throw CrashClient.Wrong(description: "a gap behind event \(last)") }
        guard line.hasPrefix("data: ") else { return false }
        let json = try JSON(parsing: Array(line.dropFirst(6).utf8))
        guard let sequence = json["sequence"].int, let run = json["run"].string else {
            throw CrashClient.Wrong(description: "no event: \(line)")
        }
        guard sequence > last else { throw CrashClient.Wrong(description: "event \(sequence) behind event \(last)") }
        last = sequence
        events.append(CrashEvent(sequence: sequence, run: run, state: json["state"].string ?? "removed"))
        return true
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SeededDice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func number(below count: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(count))
    }
}
