import Programs

// `report.json`, member by member in the order of the keys.

extension Report: JSONWritable {
    /// Keys sorted, so that two reports can be compared line by line.
    public func json() -> [UInt8] { JSONWriter.bytes(of: self, pretty: true) + [0x0a] }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("arguments", arguments)
            json.member("cause", cause)
            json.member("evidence", evidence)
            json.member("exit_code", exitCode)
            json.member("image", image)
            json.member("limits", limits)
            json.member("node", node)
            json.member("phases", phases)
            json.member("program", program)
            json.member("results", results)
            json.member("results_missing", resultsMissing)
            json.member("results_refused", resultsRefused)
            json.member("run", run)
            json.member("schema", schema)
            json.member("security", security)
            json.member("signal", signal)
            json.member("state", state)
            json.member("times", times)
            json.member("usage", usage)
            json.member("warm", warm)
        }
    }
}

extension Report.ProgramReference: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("digest", digest)
            json.member("files", files)
            json.member("name", name)
            json.member("version", version)
        }
    }
}

extension Report.ProgramReference.File: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("digest", digest)
            json.member("name", name)
        }
    }
}

extension Report.ImageReport: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("digest", digest)
            json.member("reference", reference)
            json.member("writable", writable)
        }
    }
}

extension Report.Evidence: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("errno", errno)
            json.member("limit", limit)
            json.member("source", source)
            json.member("step", step)
            json.member("summary", summary)
            json.member("syscall", syscall)
            json.member("value", value)
        }
    }
}

extension Report.Evidence.Syscall: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("arguments", arguments)
            json.member("name", name)
            json.member("number", number)
        }
    }
}

extension Report.Times: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("created", created)
            json.member("ended", ended)
            json.member("started", started)
            json.member("suspended_microseconds", suspendedMicroseconds)
            json.member("wall_microseconds", wallMicroseconds)
        }
    }
}

extension Report.Phases: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("cgroup", cgroup)
            json.member("clone", clone)
            json.member("exec", exec)
            json.member("harvest", harvest)
            json.member("mounts", mounts)
            json.member("run", run)
            json.member("stage_in", stageIn)
        }
    }
}

extension Report.Usage: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("cpu_microseconds", cpuMicroseconds)
            json.member("cpu_system_microseconds", cpuSystemMicroseconds)
            json.member("cpu_user_microseconds", cpuUserMicroseconds)
            json.member("disk_bytes", diskBytes)
            json.member("memory_anon_bytes", memoryAnonBytes)
            json.member("memory_file_bytes", memoryFileBytes)
            json.member("memory_peak_bytes", memoryPeakBytes)
            json.member("memory_peak_source", memoryPeakSource)
            json.member("memory_shmem_bytes", memoryShmemBytes)
            json.member("processes_peak", processesPeak)
            json.member("processes_peak_source", processesPeakSource)
            json.member("read_bytes", readBytes)
            json.member("stderr_bytes", stderrBytes)
            json.member("stderr_dropped_bytes", stderrDroppedBytes)
            json.member("stdin_bytes", stdinBytes)
            json.member("stdin_truncated", stdinTruncated)
            json.member("stdout_bytes", stdoutBytes)
            json.member("stdout_dropped_bytes", stdoutDroppedBytes)
            json.member("written_bytes", writtenBytes)
        }
    }
}

extension Report.LimitReport: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("enforced_by", enforcedBy)
            json.member("name", name)
            json.member("unit", unit)
            json.member("value", value)
            json.member("weaker", weaker)
        }
    }
}

extension Report.NodeReport: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("architecture", architecture)
            json.member("cpus", cpus)
            json.member("cpuset", cpuset)
            json.member("kernel", kernel)
            json.member("name", name)
            json.member("rootless", rootless)
        }
    }
}

extension Report.RootlessReport: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("cgroup", cgroup)
            json.member("ids", ids)
            json.member("weaker", weaker)
        }
    }
}

extension HarvestedFile: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("original_bytes", originalBytes)
            json.member("path", path)
            json.member("sha256", sha256)
            json.member("size", size)
            json.member("truncated", truncated)
        }
    }
}
