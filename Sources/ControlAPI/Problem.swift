/// `application/problem+json`. Source: RFC 9457.
public struct Problem: Codable, Sendable, Equatable, Error, CustomStringConvertible {
    /// `urn:jrun:problem:…`
    public struct Kind: Sendable, Equatable {
        public var name: String
        public var status: Int
        public var title: String

        public static let malformed = Kind(name: "malformed", status: 400, title: "the request cannot be read")
        public static let forbidden = Kind(name: "forbidden", status: 403, title: "not allowed")
        public static let notFound = Kind(name: "not-found", status: 404, title: "not here")
        public static let method = Kind(name: "method", status: 405, title: "not with this method")
        public static let conflict = Kind(name: "conflict", status: 409, title: "the run's state does not allow it")
        public static let ended = Kind(name: "ended", status: 410, title: "the stream has ended")
        public static let precondition = Kind(
            name: "precondition", status: 412, title: "the precondition does not hold")
        public static let tooLarge = Kind(name: "too-large", status: 413, title: "too large")
        public static let longTarget = Kind(name: "long-target", status: 414, title: "the request line is too long")
        public static let mediaType = Kind(name: "media-type", status: 415, title: "not this kind of body")
        public static let range = Kind(name: "range", status: 416, title: "beyond the end")
        public static let invalid = Kind(
            name: "invalid", status: 422, title: "the request is not what the program accepts")
        public static let quota = Kind(name: "quota", status: 429, title: "the quota is used up")
        public static let largeHeader = Kind(name: "large-header", status: 431, title: "the header is too large")
        public static let busy = Kind(name: "busy", status: 503, title: "the node has no room")
        public static let node = Kind(name: "internal", status: 500, title: "the node failed")
    }

    public struct ViolationView: Codable, Sendable, Equatable {
        public var rule: String
        public var place: String
        public var message: String
        public var position: Int?

        public init(rule: String, place: String, message: String, position: Int?) {
            (self.rule, self.place, self.message, self.position) = (rule, place, message, position)
        }
    }

    public var type: String
    public var title: String
    public var status: Int
    public var detail: String
    /// With `invalid`.
    public var violations: [ViolationView]?
    /// The run's state, with `conflict`.
    public var state: String?
    /// Where the kept bytes of an ended stream are, with `ended`.
    public var kept: String?
    /// 126 or 127, when the program's executable cannot be executed or is not there; with `invalid`.
    public var exitCode: Int32?

    public init(_ kind: Kind, _ detail: String) {
        type = "urn:jrun:problem:\(kind.name)"
        title = kind.title
        status = kind.status
        self.detail = detail
    }

    public var description: String { detail }
    public static let mediaType = "application/problem+json"
}
