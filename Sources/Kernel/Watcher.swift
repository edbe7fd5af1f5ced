import CLinux
import Synchronization

/// Waits for any number of descriptors at once and calls whoever registered one. One thread serves it; what it calls must
/// not block. Source: epoll(7).
public final class Watcher: Sendable {
    public enum Interest: Sendable { case readable, writable }

    /// - Returns: whether to go on watching.
    public typealias Handler = @Sendable (_ file: Int32, _ hasHungUp: Bool) -> Bool

    /// Stands for one watched file.
    public struct Key: Sendable { fileprivate var number: UInt64 }

    private struct Registration {
        var file: Int32
        var handler: Handler
    }

    private struct State {
        var next: UInt64 = 1
        var registrations: [UInt64: Registration] = [:]
    }

    private let epoll: Int32
    private let state = Mutex(State())

    public init() throws(KernelError) {
        epoll = try checkFD(sys_epoll_create1(EPOLL_CLOEXEC), "make an epoll descriptor").release()
    }

    deinit { _ = sys_close(epoll) }

    /// Calls `handler` whenever the file is ready or its other end has gone. Closes the file when the handler says so.
    @discardableResult
    public func watch(
        _ file: consuming OwnedFD, for interest: Interest = .readable, _ handler: @escaping Handler
    ) throws(KernelError) -> Key {
        let raw = file.release()
        let key = state.withLock { state in
            defer { state.next += 1 }
            state.registrations[state.next] = Registration(file: raw, handler: handler)
            return state.next
        }
        var event = k_epoll_event(events: UInt32(interest == .readable ? EPOLLIN : EPOLLOUT), data: key)
        let result = sys_epoll_ctl(epoll, EPOLL_CTL_ADD, raw, &event)
        if result < 0 {
            forget(key)
            try check(result, "watch a file")
        }
        return Key(number: key)
    }

    /// Ends the watching and closes the file; a handler that is being called goes on.
    public func forget(_ key: Key) { forget(key.number) }

    private func forget(_ key: UInt64) {
        guard let registration = state.withLock({ $0.registrations.removeValue(forKey: key) }) else { return }
        // Closing is not enough: a duplicate elsewhere keeps the registration alive, which would then report for ever, and
        // stand in the way of the next file with this number. Source: epoll(7), questions and answers.
        var event = k_epoll_event()
        _ = sys_epoll_ctl(epoll, EPOLL_CTL_DEL, registration.file, &event)
        _ = sys_close(registration.file)
    }

    /// Serves one round: waits until something happens, or for `milliseconds`.
    public func serve(milliseconds: Int32 = -1) {
        var events = [k_epoll_event](repeating: k_epoll_event(), count: 64)
        let n = sys_epoll_pwait(epoll, &events, Int32(events.count), milliseconds)
        for index in 0..<max(n, 0) {
            let event = events[index]
            guard let registration = state.withLock({ $0.registrations[event.data] }) else { continue }
            if !registration.handler(registration.file, event.events & UInt32(EPOLLHUP) != 0) { forget(event.data) }
        }
    }
}
