// The plan as jrun-init sees it: a private mapping of the sealed memfd, verified once, then only pointed into.

import CLinux
import CPlan

struct Plan {
    private let base: UnsafeMutableRawPointer
    private let data: UnsafeMutableRawPointer
    private let dataBytes: UInt32

    var header: UnsafePointer<jrun_plan_header> {
        UnsafePointer(base.assumingMemoryBound(to: jrun_plan_header.self))
    }
    var supervision: jrun_supervision { header.pointee.supervision }
    var stepCount: UInt32 { header.pointee.step_count }
    var programStep: UInt32 { header.pointee.program_step }

    /// Maps and verifies. The mapping is private and writable: the argument table's offsets become pointers in place.
    init(descriptor: Int32) throws(StepFailure) {
        let invalid = StepFailure(step: UInt32(JRUN_STEP_READ_PLAN), error: EINVAL)
        let seals = Int(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
        guard sys_fcntl(descriptor, F_GET_SEALS, 0) & seals == seals else { throw invalid }
        let size = sys_lseek(descriptor, 0, 2)
        // Nothing, or more than any plan: not to be mapped.
        guard size > 0, size <= JRUN_PLAN_MAX_BYTES else { throw invalid }
        let mapped = sys_mmap(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor)
        guard mapped > 0, let pointer = UnsafeMutableRawPointer(bitPattern: mapped) else { throw invalid }
        try self.init(verifying: pointer, size)
    }

    /// - Parameter pointer: at least aligned to eight bytes; written to by `argumentTable` alone.
    init(verifying pointer: UnsafeMutableRawPointer, _ size: Int) throws(StepFailure) {
        let invalid = StepFailure(step: UInt32(JRUN_STEP_READ_PLAN), error: EINVAL)
        guard size >= MemoryLayout<jrun_plan_header>.size, size <= JRUN_PLAN_MAX_BYTES else { throw invalid }
        base = pointer
        let header = pointer.assumingMemoryBound(to: jrun_plan_header.self).pointee
        let stepBytes = Int(header.step_count) * MemoryLayout<jrun_step>.stride
        guard header.magic == JRUN_PLAN_MAGIC, header.version == JRUN_PLAN_VERSION,
            Int(header.total_bytes) == size, header.step_count <= JRUN_PLAN_MAX_STEPS,
            header.program_step >= 1, header.program_step < header.step_count,
            header.supervision.text_run < header.data_bytes, isPossible(header.supervision),
            Int(header.data_offset) == MemoryLayout<jrun_plan_header>.size + stepBytes,
            header.data_bytes >= 1, Int(header.data_offset) + Int(header.data_bytes) == size
        else { throw invalid }
        data = pointer + Int(header.data_offset)
        dataBytes = header.data_bytes
        // Every text ends inside the data because the data ends with NUL.
        guard data.load(fromByteOffset: Int(dataBytes) - 1, as: UInt8.self) == 0 else { throw invalid }
        var index: UInt32 = 0
        while index < header.step_count {
            guard isWithinBounds(step(index)) else { throw invalid }
            index += 1
        }
    }

    /// The step at which the program's process waits for the request.
    var hold: jrun_step? {
        var index = programStep
        while index < stepCount {
            if step(index).op == JRUN_OP_HOLD { return step(index) }
            index += 1
        }
        return nil
    }

    func step(_ index: UInt32) -> jrun_step {
        (base + MemoryLayout<jrun_plan_header>.size).assumingMemoryBound(to: jrun_step.self)[Int(index)]
    }

    private func isWithinBounds(_ step: jrun_step) -> Bool {
        step.op >= 1 && step.op <= JRUN_OP_LAST && step.text_1 < dataBytes && step.text_2 < dataBytes
            && step.blob_offset < dataBytes
            && UInt64(step.blob_offset) + UInt64(step.blob_bytes) <= UInt64(dataBytes)
            && step.blob_offset % 8 == 0 && hasPossibleBlob(step) && hasPossibleNumbers(step)
    }

    /// What the step's blob has to be for the kernel to read no further than it goes.
    private func hasPossibleBlob(_ step: jrun_step) -> Bool {
        switch Int32(step.op) {
        case JRUN_OP_LANDLOCK_RULESET: step.blob_bytes == 8
        case JRUN_OP_MOUNT:
            step.blob_bytes >= 1
                && blob(step).load(fromByteOffset: Int(step.blob_bytes) - 1, as: UInt8.self) == 0
        // Its length travels in 16 bits: a longer filter would be cut, and hold less than was meant.
        case JRUN_OP_SECCOMP:
            step.blob_bytes % 8 == 0 && step.blob_bytes >= 8 && step.blob_bytes <= 8 * UInt32(BPF_MAXINSNS)
        default: true
        }
    }

    /// The kernel takes most of a step's numbers in 32 bits, and a conversion that does not fit would stop jrun-init
    /// without a word.
    private func hasPossibleNumbers(_ step: jrun_step) -> Bool {
        switch Int32(step.op) {
        // Flags, accesses and attributes have 64 bits.
        case JRUN_OP_ATTACH, JRUN_OP_HOLD: step.fd >= 0
        // -1: without a cgroup.
        case JRUN_OP_START_PROGRAM: step.fd >= -1
        case JRUN_OP_MOUNT: step.b <= UInt32.max
        case JRUN_OP_LANDLOCK_RULESET, JRUN_OP_LANDLOCK_PATH, JRUN_OP_SECUREBITS, JRUN_OP_EXECUTE: true
        case JRUN_OP_RLIMIT: step.a <= Int32.max
        case JRUN_OP_STDIO, JRUN_OP_REDIRECT, JRUN_OP_DUPLICATE: step.a <= Int32.max && step.b <= Int32.max
        default: step.a <= UInt32.max && step.b <= UInt32.max
        }
    }

    func text(_ offset: UInt32) -> UnsafePointer<CChar> {
        UnsafePointer((data + Int(offset)).assumingMemoryBound(to: CChar.self))
    }

    func blob(_ step: jrun_step) -> UnsafeMutableRawPointer { data + Int(step.blob_offset) }

    /// Of the execute step; nil when it does not add up.
    func argumentTable(_ step: jrun_step) -> ArgumentTable? {
        ArgumentTable(
            at: blob(step), bytes: UInt64(step.blob_bytes), arguments: step.a, environment: step.b, into: data,
            dataBytes: dataBytes)
    }
}

/// Flags and signals that exist, and times of which a few, and the time since boot, can be added up.
private func isPossible(_ rules: jrun_supervision) -> Bool {
    let longest = UInt64.max / 4
    return rules.wall_ns <= longest && rules.cpu_ns <= longest && rules.stop_grace_ns <= longest
        && rules.suspend_grace_ns <= longest && rules.flags <= UInt32(Int32.max)
        && rules.stop_signal >= 0 && rules.stop_signal <= 64 && rules.suspend_signal >= 0 && rules.suspend_signal <= 64
}
