import Kernel

/// The ids beside the own one that an ordinary user may map. Source: subuid(5), subgid(5).
struct SubordinateIDs: Equatable {
    var uids: ClosedRange<UInt32>
    var gids: ClosedRange<UInt32>

    /// How many runs at once have a uid each.
    var count: UInt32 { UInt32(min(uids.count, gids.count, 65_536)) }

    /// - Parameters:
    ///   - names: what the user is called in the files: the login name, the uid in digits.
    ///   - subuid: the text of /etc/subuid.
    init?(of names: Set<String>, subuid: String, subgid: String) {
        guard let uids = SubordinateIDs.largest(names, subuid), let gids = SubordinateIDs.largest(names, subgid) else {
            return nil
        }
        (self.uids, self.gids) = (uids, gids)
    }

    private static func largest(_ names: Set<String>, _ text: String) -> ClosedRange<UInt32>? {
        IDMap.owners(in: text).filter { names.contains($0.name) }.map(\.uids).max { $0.count < $1.count }
    }

    /// `newuidmap PID INSIDE OUTSIDE COUNT …`: uid 0 inside is the user, `first` and up are the runs'.
    /// Source: newuidmap(1).
    func arguments(_ helper: String, pid: Int32, own: UInt32, first: UInt32, from range: ClosedRange<UInt32>)
        -> [String]
    {
        [helper, "\(pid)", "0", "\(own)", "1", "\(first)", "\(range.lowerBound)", "\(count)"]
    }

    /// The first of `places` that has it.
    static func helper(_ name: String, in places: [String] = ["/usr/bin", "/bin", "/usr/local/bin"]) -> String? {
        places.map { "\($0)/\(name)" }.first { FileSystem.isExecutable($0) }
    }
}
