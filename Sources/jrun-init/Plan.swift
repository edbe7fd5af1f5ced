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
        guard size >= MemoryLayout<jrun_plan_header>.size, size <= JRUN_PLAN_MAX_BYTES else { throw invalid }
        let mapped = sys_mmap(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor)
        guard mapped > 0, let pointer = UnsafeMutableRawPointer(bitPattern: mapped) else { throw invalid }
        base = pointer
        let header = pointer.assumingMemoryBound(to: jrun_plan_header.self).pointee
        let stepBytes = Int(header.step_count) * MemoryLayout<jrun_step>.stride
        guard header.magic == JRUN_PLAN_MAGIC, header.version == JRUN_PLAN_VERSION,
            Int(header.total_bytes) == size, header.step_count <= JRUN_PLAN_MAX_STEPS,
            header.program_step >= 1, header.program_step < header.step_count,
            header.supervision.text_run < header.data_bytes,
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

    func step(_ index: UInt32) -> jrun_step {
        (base + MemoryLayout<jrun_plan_header>.size).assumingMemoryBound(to: jrun_step.self)[Int(index)]
    }

    private func isWithinBounds(_ step: jrun_step) -> Bool {
        step.op >= 1 && step.op <= JRUN_OP_LAST && step.text_1 < dataBytes && step.text_2 < dataBytes
            && UInt64(step.blob_offset) + UInt64(step.blob_bytes) <= UInt64(dataBytes)
            && step.blob_offset % 8 == 0 && (step.op != JRUN_OP_LANDLOCK_RULESET || step.blob_bytes == 8)
    }

    func text(_ offset: UInt32) -> UnsafePointer<CChar> {
        UnsafePointer((data + Int(offset)).assumingMemoryBound(to: CChar.self))
    }

    func blob(_ step: jrun_step) -> UnsafeMutableRawPointer { data + Int(step.blob_offset) }

    /// Turns the execute step's table of offsets (argv, 0, envp, 0) into pointers; nil when the table does not add up.
    func argumentTable(
        _ step: jrun_step
    ) -> (argv: UnsafePointer<UnsafeMutablePointer<CChar>?>, envp: UnsafePointer<UnsafeMutablePointer<CChar>?>)? {
        let entries = step.a &+ step.b &+ 2
        guard step.a >= 1, step.a < 1 << 20, step.b < 1 << 20, entries * 8 == UInt64(step.blob_bytes) else {
            return nil
        }
        let table = blob(step).assumingMemoryBound(to: UInt.self)
        var index = 0
        while index < Int(entries) {
            let isTerminator = index == Int(step.a) || index == Int(entries) - 1
            let offset = table[index]
            guard isTerminator ? offset == 0 : offset < UInt(dataBytes) else { return nil }
            if !isTerminator { table[index] = UInt(bitPattern: data) + offset }
            index += 1
        }
        let pointers = UnsafeRawPointer(table).assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        return (pointers, pointers + Int(step.a) + 1)
    }
}
