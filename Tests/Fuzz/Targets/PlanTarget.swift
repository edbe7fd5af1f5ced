import CPlan
import Glibc
import InitSteps
import Programs

extension FuzzTarget {
    /// A launch plan before jrun-init's own reader and steps. Any bytes are refused, or nothing outside of them is read:
    /// they end where the memory ends.
    ///
    /// Behind `r` stand the bytes of a plan. Behind `e` stand changes of a good one, six bytes each: the offset, and what
    /// replaces the four bytes there; so the search does not begin at the header again with every version of it.
    static let plan = FuzzTarget("plan", maxBytes: 8192) { bytes in
        let plan: [UInt8]
        switch bytes.first {
        case UInt8(ascii: "r"): plan = Array(bytes.dropFirst())
        case UInt8(ascii: "e"): plan = try changed(samplePlan.get(), by: bytes.dropFirst())
        default: return
        }
        try GuardedBytes.with(plan) { start in
            let reached = interpretPlan(start, count: plan.count)
            let header = MemoryLayout<jrun_plan_header>.size
            try promise(reached == nil || plan.count >= header, "a plan without a header was taken")
        }
    }

    private static func changed(_ plan: [UInt8], by changes: ArraySlice<UInt8>) -> [UInt8] {
        var plan = plan, changes = changes
        while changes.count >= 6 {
            let change = Array(changes.prefix(6))
            let offset = (Int(change[0]) | Int(change[1]) << 8) % (plan.count - 3)
            plan.replaceSubrange(offset..<(offset + 4), with: change[2...])
            changes = changes.dropFirst(6)
        }
        return plan
    }

    private static let samplePlan = Result {
        let text = fuzzProgram(arguments: " [{flag: -v, required: false}]")
            .replacing("security: {}", with: "security: {files: {read: [/opt/a]}, devices: [/dev/fuse]}")
        let program = try ProgramFile.parse(Array(text.utf8), fileName: "fuzz").get()
        guard let encoded = try encodedPlan(program, Request(arguments: ["-v"]), lifeline: true) else {
            throw BrokenPromise(description: "the sample plan cannot be made")
        }
        return encoded
    }
}

/// A copy of bytes whose end is the end of a mapping, and what is behind it cannot be touched.
enum GuardedBytes {
    static func with(_ bytes: [UInt8], _ body: (UnsafeMutableRawPointer) throws -> Void) throws {
        let page = 4096
        let room = (bytes.count + page - 1) / page * page
        let mapped = mmap(nil, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start = mapped, start != MAP_FAILED else {
            throw BrokenPromise(description: "no memory for the guarded bytes")
        }
        defer { _ = munmap(start, room + page) }
        guard mprotect(start + room, page, PROT_NONE) == 0 else {
            throw BrokenPromise(description: "the guard page cannot be closed")
        }
        // To the next multiple of eight below, so that numbers in it are aligned.
        let offset = (room - bytes.count) / 8 * 8
        bytes.withUnsafeBytes {
            (start + offset).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(start), byteCount: $0.count)
        }
        try body(start + offset)
    }
}
