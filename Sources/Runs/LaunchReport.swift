import CLinux
import CPlan
import Confinement
import Kernel

/// What jrun-init says of the launch while it is under way: jrun_failure in CPlan.h, and the end.
struct LaunchReport: ~Copyable {
    enum Message {
        /// Nobody will say any more: the program's execve has succeeded, or jrun-init has gone.
        case ended
        /// The plan was carried out up to the step that waits for the request.
        case holds
        case failed(LaunchFailed)
    }

    private let reader: OwnedFD
    private let steps: [Step]

    init(_ reader: consuming OwnedFD, steps: [Step]) {
        self.reader = reader
        self.steps = steps
    }

    /// Waits for it.
    func next() throws -> Message {
        let bytes = try FileSystem.read(reader.raw, upTo: MemoryLayout<jrun_failure>.size)
        if bytes.isEmpty { return .ended }
        let message = bytes.withUnsafeBytes { $0.loadUnaligned(as: jrun_failure.self) }
        let isWhole = bytes.count == MemoryLayout<jrun_failure>.size
        if isWhole, message.magic == UInt32(JRUN_HOLD_MAGIC) { return .holds }
        guard isWhole, message.magic == UInt32(JRUN_FAILURE_MAGIC), Int(message.step) < steps.count else {
            return .failed(LaunchFailed(step: "read the plan in jrun-init", errno: EINVAL, isExecution: false))
        }
        let isExecution = Int(message.step) == steps.count - 1
        let place = isExecution ? "" : " (step \(message.step + 1) of \(steps.count))"
        return .failed(
            LaunchFailed(
                step: "\(steps[Int(message.step)])\(place)", errno: message.error, isExecution: isExecution))
    }
}
