import Kernel
import Testing

@testable import Runs

/// A small ELF file, put together by hand.
struct ELFSample {
    var machine: UInt16 = 62
    var interpreter: String?
    var needed: [String] = []
    var rpath: String?
    var runpath: String?

    var bytes: [UInt8] {
        var strings: [UInt8] = [0]
        func string(_ text: String) -> UInt64 {
            defer { strings += Array(text.utf8) + [0] }
            return UInt64(strings.count)
        }
        var entries: [(UInt64, UInt64)] = needed.map { (1, string($0)) }
        if let rpath { entries.append((15, string(rpath))) }
        if let runpath { entries.append((29, string(runpath))) }
        let interp: [UInt8] = interpreter.map { Array($0.utf8) + [0] } ?? []
        let dynamicAt = 64 + 3 * 56 + interp.count
        let stringsAt = dynamicAt + (entries.count + 3) * 16
        // The whole file is mapped at 0x1000.
        entries += [(5, UInt64(0x1000 + stringsAt)), (10, UInt64(strings.count)), (0, 0)]
        let dynamic = entries.flatMap { little($0.0) + little($0.1) }
        let total = stringsAt + strings.count
        var file = header
        file += segment(1, 0, 0x1000, total)
        file += segment(2, dynamicAt, 0, dynamic.count)
        file += segment(interp.isEmpty ? 6 : 3, 64 + 3 * 56, 0, interp.count)
        return file + interp + dynamic + strings
    }

    private var header: [UInt8] {
        var header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + Array(repeating: 0, count: 9)
        header += little(UInt16(3))
        header += little(machine)
        header += little(UInt32(1))
        for number in [0, 64, 0] as [UInt64] { header += little(number) }
        header += little(UInt32(0))
        for number in [64, 56, 3] as [UInt16] { header += little(number) }
        return header + Array(repeating: 0, count: 64 - header.count)
    }

    private func segment(_ type: UInt32, _ offset: Int, _ address: Int, _ size: Int) -> [UInt8] {
        let numbers = [offset, address, 0, size, size, 8].map { UInt64($0) }
        return little(type) + little(UInt32(4)) + numbers.flatMap { little($0) }
    }

    private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}

@Suite struct ELFTests {
    private func parse(_ bytes: [UInt8]) throws(ELFError) -> ELFFile {
        try ELFFile(named: "x", size: Int64(bytes.count)) { offset, count in
            Array(bytes.dropFirst(Int(offset)).prefix(count))
        }
    }

    @Test func whatTheLoaderLooksAtIsRead() throws {
        let sample = ELFSample(
            interpreter: "/lib64/ld.so", needed: ["libm.so.6", "libc.so.6"], rpath: "/a:$ORIGIN/../lib", runpath: "/b")
        let file = try parse(sample.bytes)
        #expect(file.machine == 62)
        #expect(file.interpreter == "/lib64/ld.so")
        #expect(file.needed == ["libm.so.6", "libc.so.6"])
        #expect(file.rpath == ["/a", "$ORIGIN/../lib"])
        #expect(file.runpath == ["/b"])
    }

    @Test func aStaticExecutableNeedsNothing() throws {
        let file = try parse(ELFSample().bytes)
        #expect(file.interpreter == nil && file.needed.isEmpty)
    }

    /// The machine's own tools, which every node has.
    @Test(arguments: ["/bin/sh", "/usr/bin/env"])
    func realFilesAreRead(path: String) throws {
        let file = try ELFFile(path: path)
        #expect(file.needed.contains("libc.so.6"))
        #expect(file.interpreter?.contains("ld-linux") == true)
        let closure = try LibraryClosure(of: path)
        #expect(closure.libraries.allSatisfy { $0.path != nil })
        #expect(closure.filesOutsideUsr.isEmpty)
    }

    @Test func otherFilesAreRefusedInOneSentence() throws {
        var narrow = ELFSample().bytes
        narrow[4] = 1
        #expect(throws: ELFError(description: "'x' is not 64-bit little-endian")) { try parse(narrow) }
        #expect(throws: ELFError(description: "'x' is damaged: its header lies outside the file")) {
            try parse([1, 2])
        }
        let text = Array(repeating: UInt8(65), count: 100)
        #expect(throws: ELFError(description: "'x' does not begin like an ELF file")) { try parse(text) }
        #expect(throws: ELFError.self) { try ELFFile(path: "/dev/null") }
        #expect(throws: ELFError.self) { try ELFFile(path: "/nowhere") }
    }

    /// Every byte of the headers and of the dynamic section is set to what hurts most, and every length is cut off.
    @Test func damagedFilesDoNoHarm() throws {
        let good = ELFSample(interpreter: "/ld", needed: ["a.so", "b.so"], rpath: "/x").bytes
        var refused = 0
        for index in good.indices {
            for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
                var bytes = good
                bytes[index] = value
                do { _ = try parse(bytes) } catch { refused += 1 }
            }
            do { _ = try parse(Array(good.prefix(index))) } catch { refused += 1 }
        }
        for start in stride(from: 0, to: good.count - 8, by: 8) {
            var bytes = good
            for index in start..<(start + 8) { bytes[index] = 0xff }
            do { _ = try parse(bytes) } catch { refused += 1 }
        }
        #expect(refused > 100)
    }
}

@Suite struct LibraryClosureTests {
    /// `$ORIGIN`, RUNPATH before the standard directories, RPATH passed on, a library for another machine passed over.
    @Test func librariesAreFoundAsTheLoaderFindsThem() throws {
        let scratch = try Scratch()
        let directory = scratch.path
        func put(_ name: String, _ sample: ELFSample) throws {
            try FileSystem.makeDirectories(
                "\(directory)/\(name.split(separator: "/").dropLast().joined(separator: "/"))", mode: 0o755)
            try FileSystem.createFile("\(directory)/\(name)", sample.bytes)
        }
        try put(
            "bin/tool", ELFSample(interpreter: "/ld", needed: ["a.so", "b.so", "gone.so"], rpath: "${ORIGIN}/../lib"))
        try put("lib/a.so", ELFSample(needed: ["c.so"], runpath: "$ORIGIN/deep"))
        try put("lib/b.so", ELFSample(needed: ["d.so"]))
        try put("lib/deep/c.so", ELFSample(needed: ["d.so", "a.so"]))
        try put("other/d.so", ELFSample(machine: 183))
        try put("standard/d.so", ELFSample())
        let closure = try LibraryClosure(
            of: "\(directory)/bin/tool", standard: ["\(directory)/other", "\(directory)/standard"])
        #expect(closure.interpreter == "/ld")
        let found = closure.libraries.map {
            "\($0.name) \($0.path?.dropFirst(directory.count) ?? "-") \($0.neededBy.dropFirst(directory.count))"
        }
        #expect(
            found == [
                "a.so /bin/../lib/a.so /bin/tool", "b.so /bin/../lib/b.so /bin/tool", "gone.so - /bin/tool",
                "c.so /bin/../lib/deep/c.so /bin/../lib/a.so", "d.so /standard/d.so /bin/../lib/b.so",
            ])
    }

    @Test func pathsUnderUsrAreAlwaysThere() {
        #expect(isAlwaysVisible("/usr/lib/x") && isAlwaysVisible("/lib64/ld.so") && isAlwaysVisible("/bin"))
        #expect(!isAlwaysVisible("/usrx/lib") && !isAlwaysVisible("/opt/lib"))
    }
}
