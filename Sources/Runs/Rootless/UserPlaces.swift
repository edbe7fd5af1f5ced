import Kernel

/// Where an ordinary user's jrun has its files. Source: XDG Base Directory Specification, 0.8.
public struct UserPlaces: Sendable, Equatable {
    public var state: String
    /// Locks.
    public var runtime: String
    public var cache: String

    init(_ environment: (String) -> String?) throws(Node.BadSetting) {
        func base(_ name: String, else place: String) throws(Node.BadSetting) -> String {
            if let path = absolute(environment(name)) { return path }
            guard let home = absolute(environment("HOME")) else {
                throw Node.BadSetting(description: "HOME is not set: jrun keeps its files there, or in \(name)")
            }
            return "\(home)/\(place)"
        }
        state = "\(try base("XDG_STATE_HOME", else: ".local/state"))/jrun"
        cache = "\(try base("XDG_CACHE_HOME", else: ".cache"))/jrun"
        // Without a session there is no such place; locks in the state directory end with their holders all the same.
        runtime = absolute(environment("XDG_RUNTIME_DIR")).map { "\($0)/jrun" } ?? "\(state)/run"
    }

    /// The user's own program files.
    public static func programs(_ environment: (String) -> String?) -> String? {
        let configuration =
            absolute(environment("XDG_CONFIG_HOME")) ?? absolute(environment("HOME")).map { "\($0)/.config" }
        return configuration.map { "\($0)/jrun/programs" }
    }
}

/// "All paths set in these environment variables must be absolute"; others are ignored.
private func absolute(_ path: String?) -> String? { path?.first == "/" ? path : nil }
