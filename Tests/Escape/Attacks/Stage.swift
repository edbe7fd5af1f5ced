// What surrounds one attempt.

import Foundation
import Glibc
import Synchronization
import TestSupport

/// Something that is prepared on the node before an attack: `Prop.victim`, `Prop.secretFile`, …. Further ones are static
/// members in extensions.
package struct Prop: Sendable {
    package let set: @Sendable (Stage) throws -> Void
    package init(_ set: @escaping @Sendable (Stage) throws -> Void) { self.set = set }
}

/// One attempt's surroundings. Everything in it goes when `clear` is called.
package final class Stage {
    package let site: Site
    package let confiner: any Confiner
    package let attack: Attack
    /// On the node, root's, mode 0711.
    package let directory: String
    /// Text that nobody can know who has not read it.
    package let secret: String
    /// What `{name}` in the attack's words stands for.
    package var facts: [String: String] = [:]
    /// Directories of the node that the program sees, read-only, and may execute from. All else of the stage is outside.
    package var visible: [String] = []
    /// A command that starts the confiner, such as a shell with descriptors open: an odd parent.
    package var wrapper: [String] = []
    /// What the image has in its `/etc/passwd`, which every run sees its own file over.
    package var beneathPasswd: String?
    /// That of this attack alone, once it is made.
    package var image: Image?
    /// Whether two runs are alive at once, which then have different uids.
    package var hasNeighbour = false
    /// Processes that the stage started on the node, by the fact that holds their pid.
    package private(set) var children: [String: Child] = [:]
    /// What has to be undone, the last one first.
    private var undo: [() -> Void] = []

    private static let counter = Mutex(0)

    package init(_ attack: Attack, _ confiner: any Confiner, _ site: Site) throws {
        (self.attack, self.confiner, self.site) = (attack, confiner, site)
        let number = Stage.counter.withLock { value in
            value += 1
            return value
        }
        directory = "\(site.directory)/\(number)"
        secret = "secret-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        chmod(directory, 0o711)
        facts = ["stage": directory, "user": "\(site.user)", "probe": site.probe, "secret-text": secret]
        do { for prop in attack.props { try prop.set(self) } } catch {
            clear()
            throw error
        }
    }

    /// The words with every `{name}` replaced.
    package func fill(_ words: String) throws -> [String] {
        try words.split(separator: " ").map { word in
            var text = String(word)
            for (name, value) in facts { text = text.replacingOccurrences(of: "{\(name)}", with: value) }
            guard !text.contains("{") else {
                throw Site.Unusable(description: "'\(attack.name)': nothing on the stage is called '\(word)'")
            }
            return text
        }
    }

    /// Starts a process on the node and waits for its `"state":"ready"`; its pid becomes the fact `name`.
    @discardableResult
    package func start(_ name: String, _ command: Command) throws -> Child {
        let child = try Child(command)
        children[name] = child
        facts[name] = "\(child.pid)"
        try child.await("ready")
        return child
    }

    /// A directory of this name in the stage's, made when it is missing.
    package func makeDirectory(_ name: String) throws -> String {
        try FileManager.default.createDirectory(
            atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        return "\(directory)/\(name)"
    }

    package func onClear(_ action: @escaping () -> Void) { undo.append(action) }

    /// Ends a process that the stage started, and waits for it.
    package func end(_ name: String) {
        guard let child = children.removeValue(forKey: name) else { return }
        child.signal(SIGTERM)
        _ = try? child.wait()
    }

    package func clear() {
        for action in undo.reversed() { action() }
        undo = []
        for name in Array(children.keys) { end(name) }
        try? FileManager.default.removeItem(atPath: directory)
    }
}
