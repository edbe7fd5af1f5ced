/// One server-sent event.
public struct ServerEvent: Sendable, Equatable {
    /// The last id that was sent; where to go on after a lost connection.
    public var id: String
    /// `message` when the server says nothing else.
    public var name: String
    public var data: String
}

/// Reads server-sent events, in pieces as they come. Source: WHATWG HTML, 9.2.6.
public struct EventParser: Sendable {
    private static let maxLineBytes = 1 << 20
    private static let maxDataBytes = 4 << 20

    /// Of the last event that was whole.
    public private(set) var lastID = ""
    private var line: [UInt8] = []
    private var endsWithCR = false
    private var name = "", data: [String] = [], id: String?, dataBytes = 0

    public init() {}

    /// For a new connection that goes on where another one broke off.
    public init(continuing other: EventParser) { lastID = other.lastID }

    /// The events that these bytes complete.
    public mutating func add(_ bytes: some Sequence<UInt8>) throws -> [ServerEvent] {
        var events: [ServerEvent] = []
        for byte in bytes {
            // CR LF is one end of line, wherever the pieces are cut.
            if byte == 0x0a, endsWithCR {
                endsWithCR = false
                continue
            }
            endsWithCR = byte == 0x0d
            if byte == 0x0a || byte == 0x0d {
                if let event = try take(line) { events.append(event) }
                line.removeAll(keepingCapacity: true)
            } else {
                line.append(byte)
                if line.count > Self.maxLineBytes { throw ClientError.badAnswer("a line of events is beyond 1 MiB") }
            }
        }
        return events
    }

    private mutating func take(_ line: [UInt8]) throws -> ServerEvent? {
        if line.isEmpty { return dispatch() }
        guard let colon = line.firstIndex(of: 0x3a) else { return nil }
        var value = line[(colon + 1)...]
        if value.first == 0x20 { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data":
            dataBytes += value.count
            if dataBytes > Self.maxDataBytes { throw ClientError.badAnswer("an event is beyond 4 MiB") }
            data.append(text)
        case "event": name = text
        case "id": id = value.contains(0) ? id : text
        // A comment, or a field of a later version.
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> ServerEvent? {
        if let id { lastID = id }
        let event = ServerEvent(id: lastID, name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        let isEmpty = data.isEmpty
        (name, data, id, dataBytes) = ("", [], nil, 0)
        return isEmpty ? nil : event
    }
}
