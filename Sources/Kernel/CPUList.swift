/// CPUs as the kernel lists them, such as `0-3,8`. Source: admin-guide/cgroup-v2.rst, cpuset.cpus
public struct CPUList: Sendable, Equatable, CustomStringConvertible {
    public private(set) var cpus: Set<Int> = []

    /// No kernel is built for more.
    private static let mostCPUs = 8192

    /// Nil when the text is no list, or an empty one.
    public init?(_ text: some StringProtocol) {
        for range in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = range.split(separator: "-", omittingEmptySubsequences: false)
            let numbers = ends.compactMap { $0.utf8.allSatisfy { (48...57).contains($0) } ? Int($0) : nil }
            guard (1...2).contains(ends.count), numbers.count == ends.count, let first = numbers.first,
                let last = numbers.last, first <= last, last < CPUList.mostCPUs
            else { return nil }
            cpus.formUnion(first...last)
        }
    }

    public func isSubset(of other: CPUList) -> Bool { cpus.isSubset(of: other.cpus) }

    /// In the shortest form.
    public var description: String {
        var ranges: [ClosedRange<Int>] = []
        for cpu in cpus.sorted() {
            if let last = ranges.last, last.upperBound + 1 == cpu {
                ranges[ranges.count - 1] = last.lowerBound...cpu
            } else {
                ranges.append(cpu...cpu)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    /// CPUs of the node that are switched on.
    public static var online: CPUList? { read("/sys/devices/system/cpu/online") }

    static func read(_ path: String) -> CPUList? {
        (try? FileSystem.text(of: path)).flatMap { CPUList($0.prefix { $0 != "\n" }) }
    }
}

extension CgroupTree {
    /// CPUs that a run can have at most.
    public var availableCPUs: CPUList? { CPUList.read("\(path)/cpuset.cpus.effective") }

    /// CPUs that runs were restricted to; nil: they were not.
    public var runsCPUs: CPUList? { CPUList.read("\(path)/runs/cpuset.cpus") }

    /// - Parameter cpus: nil takes a restriction back.
    public func restrictRuns(to cpus: CPUList?) throws(KernelError) {
        // A line end clears the file; an empty text would not be a write at all.
        try FileSystem.write(cpus?.description ?? "\n", toPath: "\(path)/runs/cpuset.cpus")
    }
}
