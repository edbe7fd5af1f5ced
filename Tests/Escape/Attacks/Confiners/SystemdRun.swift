import Foundation
import TestSupport

/// A transient service with what `systemd-analyze security` recommends.
package struct SystemdRun: Confiner {
    package init() {}
    package var name: String { "systemd-run" }
    package func missing(at site: Site) -> String? {
        FileManager.default.fileExists(atPath: "/run/systemd/system") ? nil : "systemd has not booted this node"
    }

    package var usedAs: String {
        "\(firstLine(of: ["systemd-run", "--version"]) ?? "systemd") by root: `systemd-run` with "
            + properties.map { "`\($0)`" }.joined(separator: ", ")
    }

    private var properties: [String] {
        [
            "DynamicUser=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes",
            "PrivateNetwork=yes", "PrivateIPC=yes", "NoNewPrivileges=yes", "ProtectKernelTunables=yes",
            "ProtectKernelModules=yes", "ProtectKernelLogs=yes", "ProtectControlGroups=yes", "ProtectClock=yes",
            "ProtectHostname=yes", "ProtectProc=invisible", "ProcSubset=pid", "RestrictNamespaces=yes",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "RestrictRealtime=yes", "RestrictSUIDSGID=yes",
            "LockPersonality=yes", "CapabilityBoundingSet=", "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM", "KeyringMode=private", "RemoveIPC=yes",
            "UMask=0077", "MemoryMax=256M", "TasksMax=40", "TimeoutStopSec=5",
        ]
    }

    package func command(for words: [String], on stage: Stage) -> Command {
        let unit = "\(stage.site.cgroup)-\(UInt32.random(in: 0 ... .max)).service"
        // Ending the client does not end the service.
        if stage.hasNeighbour {
            stage.onClear { _ = try? Command(["systemctl", "stop", unit], environment: [:]).run() }
        }
        let options = ["--quiet", "--wait", "--pipe", "--collect", "--unit", unit, "-p", "RuntimeMaxSec=60"]
        return Command(
            ["systemd-run"] + options + properties.flatMap { ["-p", $0] } + ["--", stage.site.probe] + words,
            environment: [:])
    }
}
