import Foundation
import Glibc
import Testing

/// What the file system of a shipped program is made of.
enum ProgramRoot: String, CaseIterable, Sendable {
    /// As its file says: the node's.
    case host
    /// The image that the recipe of the same name makes.
    case image
}

/// Where a shipped program is run for a test: the program files, and the images if it runs on one.
final class ProgramPlace {
    let site: Site
    let programs: String
    let environment: [String: String]
    private let runtime: String?

    init(_ program: String, on root: ProgramRoot) throws {
        site = try Site.shared.get()
        guard root == .image else {
            (programs, environment, runtime) = (site.programs, site.environment, nil)
            return
        }
        let directory = try site.makeDirectory()
        programs = "\(directory)/programs"
        // Mounted where nobody else has images, and gone with the test.
        let own = ["JRUN_IMAGES": "\(directory)/images", "JRUN_RUNTIME": "\(directory)/runtime"]
        runtime = own["JRUN_RUNTIME"]
        environment = site.environment.merging(own) { $1 }
        try makeImage(program)
    }

    deinit {
        guard let images = runtime.map({ "\($0)/images" }) else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: images)) ?? [] {
            umount2("\(images)/\(name)", Int32(MNT_DETACH))
        }
    }

    private func makeImage(_ program: String) throws {
        var build = Command([
            "\(site.dist)/sbin/jrun-image", "build", "\(site.dist)/share/jrun/recipes/\(program).yaml",
        ])
        build.environment = environment
        let built = try build.run()
        try #require(built.status == 0, "\(built.stderr)")
        let shipped = try String(contentsOfFile: "\(site.programs)/\(program).yaml", encoding: .utf8)
        let changed = shipped.replacingOccurrences(of: "\n  root: host\n", with: "\n  root: {image: \"\(program)\"}\n")
        try #require(changed != shipped, "\(program).yaml does not say 'root: host'")
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: false)
        try changed.write(toFile: "\(programs)/\(program).yaml", atomically: true, encoding: .utf8)
    }
}
