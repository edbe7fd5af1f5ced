import ArgumentParser
import ImageBuild
import Images
import Kernel

@main
struct JrunImage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jrun-image",
        abstract: "Make and keep the root file systems of programs.",
        discussion: """
            An image is a program's own root: read-only, named, checked byte by byte, shared by its runs. A recipe says \
            what it is made of: Debian packages, files of this node, an OCI image, a directory or a tar. Exit code 125 \
            when something is refused or fails.
            """,
        version: "0.1.0",
        subcommands: [
            BuildCommand.self, ListCommand.self, ShowCommand.self, VerifyCommand.self, DiffCommand.self,
            ExportCommand.self, RemoveCommand.self, CollectCommand.self, ShellCommand.self,
        ])

    /// As jrun: 125 for everything that is refused.
    static func main() {
        FileSystem.ensureStandardStreams()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let code as ExitCode { end(code.rawValue) } catch let error as ImageError {
            fail(error.description)
        } catch let error as KernelError {
            fail(error.description)
        } catch {
            let status = exitCode(for: error)
            if status == .success { exit(withError: error) }
            fail("\(message(for: error)); `jrun-image --help` shows what there is")
        }
    }

    private static func fail(_ message: String) -> Never {
        complain(message)
        end(125)
    }
}

/// Where the images are.
struct StoreOptions: ParsableArguments {
    @Option(name: .long, help: "The store, instead of JRUN_IMAGES or \(ImageStore.defaultPath).")
    var store: String?

    /// One that somebody has named is there already.
    var existing: ImageStore {
        get throws {
            guard let store, (try? FileStatus(path: store)) == nil else { return opened }
            throw ImageError("there is no store at '\(printable(store))'; `jrun-image build --store` makes one")
        }
    }

    var opened: ImageStore { store.map { ImageStore(path: $0) } ?? ImageStore(environment: environmentVariable) }
}

/// For commands that print.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func print(_ value: some Encodable, text: () throws -> String) throws {
        let output = json ? String(decoding: try imageJSON(value), as: UTF8.self) : try text()
        if !output.isEmpty { Swift.print(output, terminator: output.hasSuffix("\n") ? "" : "\n") }
    }
}

/// `402.1 MiB`
func bytesInWords(_ bytes: Int64) -> String {
    var value = Double(bytes), unit = 0
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    if unit == 0 { return "\(bytes) bytes" }
    let tenths = Int64((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
}
