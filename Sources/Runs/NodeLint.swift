import Images
import Kernel
import Programs

/// What in a program file does not fit this node, or opens it further than its author may know. Looks, changes nothing,
/// and needs no privileges; what it may not look at, it does not complain of.
public struct NodeLint {
    let accounts: Accounts
    let images: ImageStore

    /// How far a shown directory is searched: a look, not an audit.
    static let maxDepth = 3
    static let maxEntries = 2000

    /// - Parameter environment: `JRUN_IMAGES` says where root images are.
    public init(environment: (String) -> String?) {
        self.init(accounts: Accounts(etc: "/etc"), images: ImageStore(environment: environment))
    }

    init(accounts: Accounts, images: ImageStore = ImageStore(path: ImageStore.defaultPath)) {
        self.accounts = accounts
        self.images = images
    }

    public func warnings(for program: Program) -> [LintWarning] {
        let filter = NodeLint.seccomp(program.security.seccomp)
        if case .image(let root) = program.security.root {
            return ImageLint.warnings(for: program, root, in: images) + filter + unknownAccounts(program.who)
        }
        return executable(of: program) + shownPaths(program.security) + filter + unknownAccounts(program.who)
    }

    // MARK: The executable

    private func executable(of program: Program) -> [LintWarning] {
        do { try Preparation.checkExecutable(of: program) } catch {
            return [LintWarning(keyPath: "executable", message: "no run can start on this node: \(error)")]
        }
        return []
    }

    // MARK: Paths of the node

    private func shownPaths(_ security: SecurityProfile) -> [LintWarning] {
        let files = [("security.files.read", security.read), ("security.files.execute", security.execute)]
        let listed = (files + [("security.devices", security.devices)]).flatMap { key, paths in
            paths.enumerated().compactMap { number, path in
                isMissing(path)
                    ? LintWarning(
                        keyPath: "\(key)[\(number)]",
                        message:
                            "'\(path)' does not exist on this node, so no run can start; create it, or leave it out")
                    : nil
            }
        }
        return listed
            + files.flatMap { key, paths in
                paths.enumerated().compactMap { number, path in
                    wayOut(beneath: path).map { found, kind in
                        LintWarning(
                            keyPath: "\(key)[\(number)]",
                            message:
                                "shows the \(kind.rawValue) '\(printable(found))', through which a run may reach a process of the node; show a directory that holds plain files only"
                        )
                    }
                }
            }
    }

    private func isMissing(_ path: String) -> Bool {
        do { _ = try FileStatus(path: path) } catch { return ["ENOENT", "ENOTDIR"].contains(errnoName(error.errno)) }
        return false
    }

    /// The first socket or FIFO there: a read-only mount does not keep anybody from connecting to it.
    private func wayOut(beneath path: String) -> (path: String, kind: FileStatus.Kind)? {
        var entries = 0
        var pending = [(path: path, depth: 0)]
        while let (path, depth) = pending.popLast() {
            // What was listed is followed like the mount follows it; links beneath lead nowhere new.
            guard let status = try? FileStatus(path: path, following: depth == 0) else { continue }
            if status.kind == .socket || status.kind == .fifo { return (path, status.kind) }
            guard status.kind == .directory, depth < NodeLint.maxDepth, entries < NodeLint.maxEntries else { continue }
            let names = children(of: path, limit: NodeLint.maxEntries - entries)
            entries += names.count
            pending += names.sorted().reversed().map { ("\(path)/\($0)", depth + 1) }
        }
        return nil
    }

    private func children(of path: String, limit: Int) -> [String] {
        guard let directory = try? FileSystem.open(path, [.read, .directory]),
            let names = try? FileSystem.names(in: directory.raw, limit: limit)
        else { return [] }
        return names.prefix(limit).compactMap { String(validating: $0, as: UTF8.self) }
    }

    // MARK: Accounts

    private func unknownAccounts(_ who: WhoRule?) -> [LintWarning] {
        guard let who else { return [] }
        return unknown(who.users, "user", accounts.users) + unknown(who.groups, "group", accounts.groups)
    }

    private func unknown(_ names: [String], _ kind: String, _ known: Set<String>?) -> [LintWarning] {
        guard let known else { return [] }
        return names.enumerated().filter { !known.contains($0.element) }.map { number, name in
            LintWarning(
                keyPath: "who.\(kind)s[\(number)]",
                message: "this node knows no \(kind) '\(printable(name))'; add it to the node, or correct the name")
        }
    }
}

/// The node's users and groups, where its files alone say who they are.
struct Accounts {
    /// `nil` when a directory service may know more.
    var users: Set<String>?
    var groups: Set<String>?

    init(etc: String) {
        let services = Accounts.lines(of: "\(etc)/nsswitch.conf")
        users = Accounts.names("passwd", etc, services)
        groups = Accounts.names("group", etc, services)
    }

    private static func names(_ database: String, _ etc: String, _ services: [Substring]?) -> Set<String>? {
        let line = services?.first { $0.hasPrefix("\(database):") }
        let words = line?.dropFirst(database.utf8.count + 1).split { $0 == " " || $0 == "\t" } ?? ["files"]
        // systemd answers for accounts that it makes up while a service runs.
        guard words.allSatisfy({ ["files", "compat", "systemd"].contains($0) }) else { return nil }
        return lines(of: "\(etc)/\(database)").map { lines in
            Set(lines.compactMap { $0.split(separator: ":", omittingEmptySubsequences: false).first.map(String.init) })
        }
    }

    private static func lines(of path: String) -> [Substring]? {
        guard let bytes = try? FileSystem.contents(of: path, limit: 1 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
