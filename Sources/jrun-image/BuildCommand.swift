import ArgumentParser
import ImageBuild
import Images
import Kernel
import Programs

struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Make an image from a recipe and put it into the store.")

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
        let bytes = try FileSystem.contents(of: file, limit: 1 << 20)
        let directory = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        let recipe: Recipe
        switch Recipe.parse(bytes, fileName: file, directory: directory.isEmpty ? "/" : directory) {
        case .success(let parsed): recipe = parsed
        case .failure(let errors):
            for error in errors.errors { complain(error.description) }
            throw ExitCode(125)
        }
        let image = try ImageBuilder(store: storage.opened).build(recipe, name: name)
        try output.print(image.manifest) { summary(image.manifest) }
    }

    private func summary(_ manifest: ImageManifest) -> String {
        let dropped = manifest.dropped.map { "  dropped \($0.what): \($0.path)\n" }.joined()
        return
            "\(manifest.name) \(manifest.digest)  \(manifest.entries) entries, \(bytesInWords(manifest.size))\n\(dropped)"
    }
}
