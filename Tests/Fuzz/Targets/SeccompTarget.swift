import Confinement
import Programs

extension FuzzTarget {
    /// A system call filter in OCI or Docker form. What is accepted never allows by default, and compiles into a filter
    /// that the kernel could take, or is refused for its size.
    static let seccomp = FuzzTarget("seccomp") { bytes in
        let machine = SeccompFile.Machine(architecture: .amd64, kernel: (6, 1))
        guard let file = try? SeccompFile.read(bytes, named: "fuzz.json", for: machine) else { return }
        try promise(file.defaultAnswer != .allow && file.defaultAnswer != .log, "allows by default")
        let comparisons = file.entries.flatMap(\.comparisons)
        try promise(comparisons.allSatisfy { $0.argument < 6 }, "compares an argument that is none")
        // Compiling takes milliseconds for each hundred names.
        guard file.entries.reduce(0, { $0 + $1.names.count }) <= 64 else { return }
        do {
            let filter = try SeccompPolicy(file).compile(notify: true)
            let isPossible = filter.instructions.count % 8 == 0 && filter.instructions.count <= 8 * 4096
            try promise(isPossible, "\(filter.instructions.count) bytes of filter")
        } catch let error as SeccompError {
            try promise(error.description.contains("instructions"), error.description)
        }
    }
}
