import ArgumentParser
import ImageBuild
import Images
import Kernel
import Programs

struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Make an image from a recipe and put it into the store.",
        discussion: """
            A recipe is YAML: its name under 'image', one of debian, host, oci, directory and tar under 'from', and what \
            that takes. Setuid bits, file capabilities and other attributes are dropped and listed; what else has no \
            place in an image ends the build with its path. Two builds of the same make the same digest.
            """)

    @Argument(help: "The recipe, a YAML file.")
    var file: String

    @Option(name: .long, help: "The name in the store, instead of the recipe's.")
    var name: String?

    @OptionGroup var storage: StoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run() throws {
        if let name, let reason = reasonAgainstImageName(name) {
            throw ImageError("--name '\(printable(name))': \(reason)")
        }
        let bytes: [UInt8]
        do { bytes = try FileSystem.contents(of: file, limit: 1 << 20) } catch {
            throw ImageError("recipe '\(printable(file))': \(describe(errno: error.errno))")
        }
        let directory = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        let recipe: Recipe
        switch Recipe.parse(bytes, fileName: file, directory: directory.isEmpty ? "/" : directory) {
        case .success(let parsed): recipe = parsed
        case .failure(let errors):
            for error in errors.errors { complain(error.description) }
            throw ExitCode(125)
        }
        try storage.opened.checkWritable()
        let image = try ImageBuilder(store: storage.opened).build(recipe, name: name)
        try output.print(image.manifest) { summary(image.manifest) }
    }

    private func summary(_ manifest: ImageManifest) -> String {
        let dropped =
            manifest.dropped.map { "  dropped \($0.what): \($0.path)\n" }.joined()
            + (manifest.moreDropped.map { "  dropped \($0) more\n" } ?? "")
        return
            "\(manifest.name) \(manifest.digest)  \(manifest.entries) entries, \(bytesInWords(manifest.size))\n\(dropped)"
    }
}
