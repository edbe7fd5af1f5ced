extension Lint {
    // MARK: Streams and environment

    mutating func lintStreams() {
        let sinks = [
            ("stdin", program.streamCaps.stdin), ("stdout", program.streamCaps.stdout),
            ("stderr", program.streamCaps.stderr),
        ]
        let output = program.limits[.output].max
        for case (let name, let cap?) in sinks where name != "stdin" && cap.maxSize > output {
            warn(
                "\(name).max_size",
                "\(formatBytes(cap.maxSize)) can never be reached: limit 'output' ends at \(formatBytes(output))")
        }
    }

    mutating func lintEnvironment() {
        for (number, accepted) in program.environment.accept.enumerated() {
            let keyPath = "environment.accept[\(number)]"
            lintValue(accepted.value, at: "\(keyPath).value", of: quoted(accepted.name))
            guard let value = program.environment.set[accepted.name] else { continue }
            var files: [NamedFile] = []
            if let reason = accepted.value.reasonToRefuse(value, files: &files) {
                warn(
                    "environment.set.\(accepted.name)",
                    "\(quoted(value)) is a value that 'accept' refuses (\(reason)); make the two agree")
            }
        }
    }

    // MARK: Limits

    mutating func lintLimits() {
        let limits = program.limits
        if limits[.file_size].max > limits[.disk].max {
            warn(
                "limits.file_size",
                "\(formatBytes(limits[.file_size].max)) can never be reached: all files together have \(formatBytes(limits[.disk].max)) (limit 'disk')"
            )
        }
        let temporary = limits[.temporary].max
        if temporary > limits[.memory].max, temporary != LimitRules.defaultTemporary.max {
            warn(
                "limits.temporary",
                "\(formatBytes(temporary)) can never be reached: files in /tmp count as memory, and limit 'memory' ends at \(formatBytes(limits[.memory].max))"
            )
        }
        if (limits[.cpus].max - 1) / 1000 >= limits[.processes].max {
            warn(
                "limits.cpus",
                "\(LimitName.cpus.format(limits[.cpus].max)) can never be used at once: a thread uses one, and limit 'processes' ends at \(limits[.processes].max)"
            )
        }
        lint(program.stop, "stop")
        if let suspend = program.suspend {
            lint(suspend, "suspend")
            if suspend.signal == .kill {
                warn(
                    "suspend.signal",
                    "KILL ends the program instead of suspending it; leave 'suspend' out, or name another signal")
            }
        }
    }

    private mutating func lint(_ rule: StopRule, _ what: String) {
        let wall = program.limits[.wall].max
        if rule.graceMilliseconds > wall, rule.graceMilliseconds != StopRule.defaultGraceMilliseconds {
            let grace = formatDuration(milliseconds: rule.graceMilliseconds)
            warn(
                "\(what).grace",
                "\(grace) is longer than a run can last; limit 'wall' ends at \(formatDuration(milliseconds: wall))")
        }
        if what == "stop", rule.signal == .kill, rule.graceMilliseconds != StopRule.defaultGraceMilliseconds {
            warn(
                "stop.grace", "has no effect: no program outlives the signal KILL; leave it out, or name another signal"
            )
        }
    }

    mutating func lintWarm() {
        guard program.warm > 0, !program.canBeWarm else { return }
        warn(
            "warm",
            "has no effect: no sandbox is kept where a stream goes to a file with a 'max_size'; leave either out")
    }

    // MARK: Security and who

    mutating func lintSecurity() {
        lintPaths(program.security.read, "security.files.read")
        lintPaths(program.security.execute, "security.files.execute")
        for (number, path) in program.security.read.enumerated() {
            guard let outer = program.security.execute.first(where: { path.lies(in: $0) }) else { continue }
            warn(
                "security.files.read[\(number)]",
                "has no effect: \(quoted(outer)) under 'execute' shows it already, and what is there may be executed")
        }
        let harmless = ["null", "zero", "full", "random", "urandom"].map { "/dev/\($0)" }
        for (number, path) in program.security.devices.enumerated() {
            if harmless.contains(where: { isSame($0, path) }) {
                warn("security.devices[\(number)]", "has no effect: every run has \(quoted(path)); leave it out")
            } else if program.security.devices[..<number].contains(where: { isSame($0, path) }) {
                warn("security.devices[\(number)]", "\(quoted(path)) is listed twice")
            }
        }
    }

    private mutating func lintPaths(_ paths: [String], _ keyPath: String) {
        for (number, path) in paths.enumerated() {
            let place = "\(keyPath)[\(number)]"
            if let reason = reasonAgainstShowing(path) {
                warn(place, "\(quoted(path)) \(reason)")
            } else if paths[..<number].contains(where: { isSame($0, path) }) {
                warn(place, "\(quoted(path)) is listed twice")
            } else if let outer = paths.first(where: { !isSame($0, path) && path.lies(in: $0) }) {
                warn(place, "has no effect: \(quoted(outer)) shows it already; leave it out")
            }
        }
    }

    private func reasonAgainstShowing(_ path: String) -> String? {
        if program.security.root != .host {
            let own = ["/work", "/proc", "/dev", "/tmp", "/sys", "/run"].first(where: path.lies)
            return own.map { "is not what the image has there: \(quoted($0)) is the run's own, or not there" }
        }
        if let own = ["/work", "/proc"].first(where: path.lies) {
            return "will be refused: \(quoted(own)) is the run's own; move the files elsewhere on the node"
        }
        if let shared = ["/run", "/var/run", "/tmp"].first(where: path.lies) {
            return "may hold sockets of the node's daemons, a way out of the run; show no path under \(quoted(shared))"
        }
        if let seen = ["/usr", "/etc/ld.so.cache", "/etc/alternatives"].first(where: path.lies) {
            return "is in the view of every run already, with \(quoted(seen)); leave it out"
        }
        return nil
    }

    mutating func lintWho() {
        guard let who = program.who else { return }
        if who.users.isEmpty, who.groups.isEmpty {
            warn("who", "names nobody, so nobody may run the program; name users or groups, or leave 'who' out")
        }
        for (key, names) in [("users", who.users), ("groups", who.groups)] {
            for (number, name) in names.enumerated() where names[..<number].contains(where: { isSame($0, name) }) {
                warn("who.\(key)[\(number)]", "\(quoted(name)) is named twice")
            }
        }
    }
}

extension String {
    /// Whether the path is that of the directory or of something beneath it.
    fileprivate func lies(in directory: String) -> Bool {
        isSame(self, directory) || utf8.starts(with: (directory + "/").utf8)
    }
}
