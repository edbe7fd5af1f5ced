import Images
import Programs

/// Looks into an image by its listing, which anybody may read, for what a program file names in it.
struct ImageLint {
    private let entries: [String: ListingEntry]
    private let name: String

    /// One warning when the image is not there.
    static func warnings(for program: Program, _ root: ImageRoot, in store: ImageStore) -> [LintWarning] {
        let lint: ImageLint
        do {
            let image = try store.resolve(try ImageReference(root.reference))
            lint = ImageLint(try store.listing(image.digest), root.reference)
        } catch {
            return [LintWarning(keyPath: "security.root.image", message: "no run can start on this node: \(error)")]
        }
        return lint.warnings(for: program)
    }

    init(_ listing: ImageListing, _ name: String) {
        entries = Dictionary(listing.entries.map { ($0.path, $0) }) { first, _ in first }
        self.name = name
    }

    func warnings(for program: Program) -> [LintWarning] {
        let security = program.security
        let lists = [("security.files.read", security.read), ("security.files.execute", security.execute)]
        return executable(program.executable)
            + lists.flatMap { key, paths in
                paths.enumerated().filter { entry($0.element) == nil }.map { number, path in
                    LintWarning(
                        keyPath: "\(key)[\(number)]",
                        message: "'\(path)' does not exist in image '\(name)', so no run can start; leave it out")
                }
            }
    }

    private func executable(_ path: String) -> [LintWarning] {
        let found = entry(path)
        if let found, found.kind == .file, found.mode & 0o111 != 0 { return [] }
        let reason = found == nil ? "does not exist in" : "is not an executable file of"
        return [
            LintWarning(
                keyPath: "executable", message: "no run can start on this node: '\(path)' \(reason) image '\(name)'")
        ]
    }

    /// Links are followed as they would be inside: absolute ones and `..` stay there.
    private func entry(_ path: String) -> ListingEntry? {
        var done: [Substring] = [], pending = Array(path.split(separator: "/").reversed()), links = 0
        while let component = pending.popLast() {
            if component == "." { continue }
            if component == ".." {
                _ = done.popLast()
                continue
            }
            let place = (done + [component]).joined(separator: "/")
            guard let found = entries[place] else { return nil }
            guard found.kind == .link, let target = found.target else {
                if found.kind == .file, !pending.isEmpty { return nil }
                done.append(component)
                continue
            }
            links += 1
            // As many as the kernel follows. Source: path_resolution(7)
            guard links <= 40 else { return nil }
            if target.hasPrefix("/") { done = [] }
            pending += target.split(separator: "/").reversed()
        }
        return entries[done.joined(separator: "/")]
    }
}
