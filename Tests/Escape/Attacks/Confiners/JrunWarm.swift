import Foundation
import Synchronization
import TestSupport

/// A run through jrund's control API, in a sandbox that was made before the request.
package struct JrunWarm: Confiner {
    /// More of the profile's `security`; for tests of the suite itself.
    private let weaknesses: [String: String]

    package init(weaknesses: [String: String] = [:]) { self.weaknesses = weaknesses }
    package var name: String { "jrun warm" }
    package var usedAs: String {
        "`jrun run` by root through a jrund of its own that keeps one sandbox warm, with the default security profile; a run that "
            + "got none counts as a failure"
    }

    /// Asked by trying.
    package func missing(at site: Site) -> String? {
        guard FileManager.default.isExecutableFile(atPath: site.jrund) else { return "'\(site.jrund)' is not there" }
        let question = Attack("works", .identity, "", probe: "ids", stoppedBy: [])
        do {
            let stage = try Stage(question, self, site)
            defer { stage.clear() }
            let ended = try command(for: ["ids"], on: stage).run()
            return ended.status == 0 ? nil : "jrund has no warm sandboxes here: \(ended.stderr.prefix(300))"
        } catch { return "\(error)" }
    }

    package func command(for words: [String], on stage: Stage) throws -> Command {
        let number = JrunWarm.number()
        let place = "\(stage.site.directory)/warm-\(number)", output = try stage.makeDirectory("output")
        try FileManager.default.createDirectory(
            atPath: "\(place)/programs", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try stage.write(
            attackerFile(stage, weaknesses) + "\nwarm: 1\n", to: "\(place)/programs/probe.yaml", mode: 0o644)
        try stage.write(
            "programs: [\(place)/programs]\nenforcement: best-effort\n", to: "\(place)/jrund.yaml", mode: 0o644)
        let site = stage.site
        let uid = site.user + (stage.hasNeighbour ? UInt32(number % 8) : 0)
        let arguments = [place, site.jrund, site.jrun, "\(site.cgroup)-warm-\(number)", output]
        return Command(
            ["/usr/bin/python3", "-c", JrunWarm.script] + arguments + words,
            environment: ["JRUN_UIDS": "\(uid)-\(uid)"])
    }

    package func killed(_ ended: Ended) -> String? { JrunExec().killed(ended) }

    /// Two may be there at once, each with a daemon of its own.
    private static let last = Mutex(0)

    private static func number() -> Int {
        last.withLock { number in
            number += 1
            return number
        }
    }

    /// Starts jrund, waits until it says that the sandbox is there, and makes sure that the run was in it. Whoever ends it ends the
    /// run, and jrund goes with it.
    private static let script = """
        import os, shutil, signal, socket, subprocess, sys
        place, jrund, jrun, cgroup, output = sys.argv[1:6]
        state, runtime = place + '/state', place + '/runtime'
        os.environ.update(JRUN_STATE=state, JRUN_RUNTIME=runtime, JRUN_CGROUP=cgroup)
        os.makedirs(state)
        os.makedirs(os.path.dirname(place) + '/warm-cache', exist_ok=True)
        os.symlink(os.path.dirname(place) + '/warm-cache', state + '/cache')
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(place + '/notify')
        notify.settimeout(60)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with open(place + '/log', 'w') as log:
            daemon = subprocess.Popen([jrund, '--config', place + '/jrund.yaml'], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log, env=dict(os.environ, NOTIFY_SOCKET=place + '/notify'))
        try:
            while b'1 of 1 sandboxes warm' not in notify.recv(4096):
                pass
            run = subprocess.Popen([jrun, 'run', '--socket', runtime + '/control.sock', '--output-dir', output, 'probe', '--']
                + sys.argv[6:])
            signal.signal(signal.SIGTERM, lambda *_: run.terminate())
            status = run.wait()
            client = socket.socket(socket.AF_UNIX)
            client.connect(runtime + '/control.sock')
            client.sendall(b'GET /metrics HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')
            answer = b''.join(iter(lambda: client.recv(65536), b''))
        finally:
            daemon.terminate()
            daemon.wait()
            for mount in ['/sys/fs/cgroup/', '/sys/fs/cgroup/unified/']:
                for name in ['/runs', '/init', '/daemon', '']:
                    try:
                        os.rmdir(mount + cgroup + name)
                    except OSError:
                        pass
        if b'jrun_warm_starts_total{sandbox="warm"} 1' not in answer:
            sys.exit('the run was not in a warm sandbox: ' + open(place + '/log').read())
        shutil.rmtree(place)
        sys.exit(status if status >= 0 else 128 - status)
        """
}
