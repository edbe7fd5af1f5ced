// Changing files of the node: those that the view does not have, and those that it shows. Both are the attacker's own and
// open to everybody, so that nothing but the view is in the way. In a writable image a program changes what it is shown by
// right: there the image has to be as it was.

/// The same attempt on a file that the view does not have and on one that it shows read-only.
///
/// - Parameter probe: with `{file}` for the file and `{directory}` for where it is.
private func changing(
    _ name: String, _ technique: String, _ probe: String, stoppedBy: [Defence] = [.mountView]
) -> [Attack] {
    func attack(_ name: String, _ target: String, _ technique: String, _ prop: Prop) -> Attack {
        let words = probe.replacing("{file}", with: "{\(target)}")
            .replacing("{directory}", with: "{\(target)-directory}")
        return Attack(
            name, .files, technique, probe: words, stoppedBy: stoppedBy, success: .change, props: [prop, .scratchName])
    }
    return [
        attack("\(name)-hidden", "open", technique, .openFile),
        attack("\(name)-shown", "shown", "\(technique) Here of one that the view shows read-only.", .shownFile),
    ]
}

private let both: [Defence] = [.mountView, .landlock]

package let fileChangingAttacks: [Attack] = [
    changing("write", "Writing to a file.", "write {file} x", stoppedBy: both),
    changing("make", "Making a file.", "write {directory}/new x", stoppedBy: both),
    changing("truncate", "Cutting a file off, which Landlock knows since ABI 3.", "truncate {file} 0", stoppedBy: both),
    changing("rename", "Moving a file away.", "rename {file} {scratch}", stoppedBy: both),
    changing("remove", "Removing a file.", "remove {file}", stoppedBy: both),
    changing("chmod", "The mode of a file, which Landlock does not know.", "chmod {file} 4777"),
    changing("chown", "The owner of a file, which Landlock does not know.", "chown {file} {user} {user}"),
    changing("utimes", "The times of a file (utimensat(2)).", "utimes {file}"),
    changing("setxattr", "An extended attribute of a file.", "setxattr {file}"),
    changing(
        "hard-link", "A hard link to a file, which then outlives its name there.", "hardlink {file} {scratch}",
        stoppedBy: both),
    changing(
        "link-descriptor", "The same by linkat(2) on a descriptor opened with O_PATH.", "link-fd {file} {scratch}",
        stoppedBy: both),
    changing(
        "link-unnamed", "A file made by O_TMPFILE gets its name afterwards.", "link-tmpfile {directory}",
        stoppedBy: both),
    changing(
        "reopen", "A descriptor opened with O_PATH is opened again for writing through `/proc/self/fd`.",
        "reopen {file}", stoppedBy: both),
].flatMap { $0 }
