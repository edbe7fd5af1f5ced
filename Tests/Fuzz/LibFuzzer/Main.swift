// `make fuzz`: jrun-fuzz TARGET [LIBFUZZER-OPTION…] [DIRECTORY-OR-FILE…]
//
// libFuzzer as a library, so that one binary holds every target. Source: LLVM, "LibFuzzer", "Using libFuzzer as a
// library".

import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Set once, before the search begins.
nonisolated(unsafe) private var target = FuzzTarget.program  // SAFETY: libFuzzer has one thread.

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do { try target.run(Array(UnsafeBufferPointer(start: start, count: count))) } catch {
        fatalError("broken promise: \(error)")
    }
    return 0
}

@main struct Main {
    static func main() {
        let names = FuzzTarget.all.map(\.name)
        guard CommandLine.arguments.count > 1 else {
            print(names.joined(separator: "\n"))
            return
        }
        // libFuzzer merges in children, to which it hands its options alone.
        let variable = "JRUN_FUZZ_TARGET"
        let isChild = CommandLine.arguments[1].hasPrefix("-")
        let name = isChild ? getenv(variable).map { String(cString: $0) } ?? "" : CommandLine.arguments[1]
        guard let chosen = FuzzTarget.all.first(where: { $0.name == name }) else {
            print("fuzz: there is no target '\(name)'; there are: \(names.joined(separator: ", "))")
            exit(2)
        }
        setenv(variable, name, 1)
        target = chosen
        let rest = CommandLine.arguments.dropFirst(isChild ? 1 : 2)
        let options = [CommandLine.arguments[0], "-max_len=\(chosen.maxBytes)"] + rest
        var arguments = options.map { strdup($0) } + [nil]
        var count = CInt(options.count)
        let status = arguments.withUnsafeMutableBufferPointer { list in
            var start = list.baseAddress!
            return withUnsafeMutablePointer(to: &start) { runDriver(&count, $0, test) }
        }
        exit(status)
    }
}
