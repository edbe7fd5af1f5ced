import CLinux
import CRootless
import Confinement
import Kernel

/// The way from an ordinary user's process to one that can make runs. Only in a process of one thread, and once.
public struct RootlessEntry {
    let environment: (String) -> String?
    private let uid = UInt32(sys_geteuid())
    private let gid = UInt32(sys_getegid())

    public init(environment: @escaping (String) -> String?) { self.environment = environment }

    /// Enters a user namespace and a mount namespace of this process's own. Everything after it works as root's does,
    /// with what the user may reach.
    public func enter() throws(RunRefused) -> RootlessPlace {
        let runUIDs = try Node.runUIDs(environment)
        let wantsSingle = try wantsSingleID()
        let cgroup = try RootlessCgroup(environment: environment).chosen()
        let hasOtherGroups = sys_getgroups(0, nil) > 0
        let (subordinate, reason) = wantsSingle ? (nil, "JRUN_ROOTLESS_IDS asks for a single id") : subordinateIDs()
        var place = RootlessPlace(
            ids: subordinate == nil ? .single : .subordinate, uid: uid, gid: gid,
            runUIDs: runUIDs.lowerBound...runUIDs.lowerBound, hasOtherGroups: hasOtherGroups, cgroup: cgroup,
            reason: reason)
        if let subordinate {
            let count = min(subordinate.count, UInt32(runUIDs.count))
            place.runUIDs = runUIDs.lowerBound...(runUIDs.lowerBound + count - 1)
            try enter(subordinate, first: runUIDs.lowerBound)
        } else {
            try enter(as: runUIDs.lowerBound)
        }
        return place
    }

    func wantsSingleID() throws(RunRefused) -> Bool {
        guard let text = environment("JRUN_ROOTLESS_IDS"), !text.isEmpty else { return false }
        if text == "single" { return true }
        throw RunRefused("JRUN_ROOTLESS_IDS '\(printable(text))': write 'single'")
    }

    /// The ids, or why there are none.
    private func subordinateIDs() -> (SubordinateIDs?, reason: String?) {
        func text(_ path: String) -> String { (try? FileSystem.text(of: path)) ?? "" }
        let users = IDMap.users(in: text("/etc/passwd")).filter { $0.uid == uid }.map(\.name)
        // A user that only a directory service knows; the helpers ask it themselves, so a wrong name gains nothing.
        let names = Set(users + ["\(uid)"] + [environment("USER")].compactMap { $0 })
        guard let ids = SubordinateIDs(of: names, subuid: text("/etc/subuid"), subgid: text("/etc/subgid")) else {
            return (nil, "no subordinate ids for this user in /etc/subuid and /etc/subgid (usermod --add-subuids)")
        }
        guard SubordinateIDs.helper("newuidmap") != nil, SubordinateIDs.helper("newgidmap") != nil else {
            return (nil, "newuidmap and newgidmap, which map subordinate ids, are not there (apt install uidmap)")
        }
        // The helpers are privileged files, which this forbids. Source: prctl(2), PR_SET_NO_NEW_PRIVS.
        if sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 {
            return (nil, "no_new_privs is set, and newuidmap cannot map subordinate ids under it")
        }
        return (ids, nil)
    }

    private func enter(_ ids: SubordinateIDs, first: UInt32) throws(RunRefused) {
        let pid = Int32(sys_getpid())
        let uidHelper = ids.arguments(
            SubordinateIDs.helper("newuidmap")!, pid: pid, own: uid, first: first, from: ids.uids)
        let gidHelper = ids.arguments(
            SubordinateIDs.helper("newgidmap")!, pid: pid, own: gid, first: first, from: ids.gids)
        var entry = jrun_rootless()
        let result = withCArguments(uidHelper) { uidHelper in
            withCArguments(gidHelper) { gidHelper in
                entry.uid_helper = UnsafePointer(uidHelper)
                entry.gid_helper = UnsafePointer(gidHelper)
                return jrun_rootless_enter(&entry)
            }
        }
        if result < 0 { throw RootlessRefusal(entry, errno: -result).refused }
    }

    private func enter(as inside: UInt32) throws(RunRefused) {
        var entry = jrun_rootless()
        let result = "\(inside) \(uid) 1\n".withCString { uidMap in
            "\(inside) \(gid) 1\n".withCString { gidMap in
                entry.uid_map = uidMap
                entry.gid_map = gidMap
                return jrun_rootless_enter(&entry)
            }
        }
        if result < 0 { throw RootlessRefusal(entry, errno: -result).refused }
    }
}

/// A null-terminated array of C strings, as execve(2) takes it.
func withCArguments<Result>(
    _ words: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var texts = words.flatMap { Array($0.utf8CString) }
    return texts.withUnsafeMutableBufferPointer { texts in
        var at = texts.baseAddress!
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { word in
            defer { at += word.utf8.count + 1 }
            return at
        }
        pointers.append(nil)
        return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }
}
