import CLaunch
import CLinux
import Programs

/// The network namespace of a run of `jrun exec`, made while this process makes the rest: it is the largest single part of a
/// launch, and needs nothing but time.
final class NetworkAhead {
    private let network: UnsafeMutablePointer<jrun_network>
    private var made: Int32?

    private init() {
        network = .allocate(capacity: 1)
        jrun_network_begin(network)
    }

    /// Nil where the run takes the node's network, or the namespace has to belong to a user namespace.
    static func begin(for preparation: Preparation) -> NetworkAhead? {
        guard preparation.program.security.network == .none, preparation.node.rootless == nil else { return nil }
        return NetworkAhead()
    }

    /// Waits until it is there; -1 when it could not be made: the launch makes one, or says why not.
    func descriptor() -> Int32 {
        let result = made ?? jrun_network_take(network)
        made = result
        return max(result, -1)
    }

    deinit {
        let descriptor = descriptor()
        if descriptor >= 0 { _ = sys_close(descriptor) }
        jrun_network_end(network)
        network.deallocate()
    }
}
