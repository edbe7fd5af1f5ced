import Testing

@testable import Programs

@Suite struct QuantityTests {
    @Test(arguments: [
        ("1", 1), ("4096", 4096), ("512KiB", 524_288), ("10MiB", 10 << 20), ("1GiB", 1 << 30), ("2TiB", 2 << 40),
        ("2MB", 2_000_000), ("3kB", 3000), ("7B", 7), ("1.5GiB", 1_610_612_736), ("0.5KiB", 512),
        ("9223372036854775807", Int64.max), ("1.50MB", 1_500_000),
    ])
    func sizes(text: String, bytes: Int64) throws {
        #expect(try parseByteSize(text) == bytes)
    }

    @Test(arguments: [
        "", "0", "0MiB", "-1", "+1", "1 MiB", "1mib", "MiB", "1.MiB", ".5MiB", "1.2.3MiB", "10M", "1e3", "0x10",
        "9223372036854775808", "9223372036854775807KiB", "99999999999999999999999999999999", "1.3B", "1.1234567GiB",
        "١MiB", "1MiB\u{301}",
    ])
    func notSizes(text: String) {
        #expect(throws: QuantityError.self) { try parseByteSize(text) }
    }

    @Test(arguments: [
        ("500ms", 500), ("10s", 10_000), ("1.5s", 1500), ("10m", 600_000), ("2h", 7_200_000), ("1d", 86_400_000),
        ("0.001s", 1),
    ])
    func durations(text: String, milliseconds: Int64) throws {
        #expect(try parseDuration(text) == milliseconds)
    }

    @Test(arguments: ["", "10", "s", "0s", "-1s", "0.5ms", "1.0005s", "10min", "1w", "999999999999999999d", "1s2"])
    func notDurations(text: String) {
        #expect(throws: QuantityError.self) { try parseDuration(text) }
    }

    @Test(arguments: [
        ("wall=30s", LimitName.wall, 30_000), ("memory=512MiB", .memory, 512 << 20), ("processes=4", .processes, 4),
        ("open_files=16", .open_files, 16), ("temporary=1MB", .temporary, 1_000_000),
        ("cpus=1", .cpus, 1000), ("cpus=1.5", .cpus, 1500), ("cpus=0.01", .cpus, 10), ("io=50MiB", .io, 50 << 20),
        ("io=unlimited", .io, LimitName.unlimited),
    ])
    func limits(text: String, name: LimitName, value: Int64) throws {
        let (parsedName, parsedValue) = try parseLimit(text)
        #expect(parsedName == name)
        #expect(parsedValue == value)
    }

    @Test(arguments: [
        ("wall", "limit 'wall': write it as NAME=VALUE, for example wall=30s"),
        (
            "wal=30s",
            "limit 'wal=30s': no limit is called 'wal'; did you mean 'wall'? limits: wall, cpu, memory, "
                + "processes, open_files, file_size, output, disk, temporary, cpus, io"
        ),
        ("wall=30", "limit 'wall=30': '30' is not a duration with its unit, such as 500ms, 10s, 10m, 2h or 1d"),
        ("processes=0", "limit 'processes=0': zero is not possible here, the smallest is 1"),
        ("processes=1.5", "limit 'processes=1.5': '1.5' is not a whole number of its smallest unit"),
        ("cpus=0", "limit 'cpus=0': zero is not possible here, the smallest is 0.01"),
        ("cpus=1.23456", "limit 'cpus=1.23456': '1.23456' has more than three decimals"),
        ("cpus=1.23456789", "limit 'cpus=1.23456789': '1.23456789' has more than three decimals"),
        ("cpus=0.009", "limit 'cpus=0.009': '0.009' is too little, the smallest is 0.01"),
        ("memory=99999999TiB", "limit 'memory=99999999TiB': '99999999TiB' is too large"),
    ])
    func notLimits(text: String, message: String) {
        #expect(throws: LimitSyntaxError(description: message)) { try parseLimit(text) }
    }

    @Test(arguments: [
        (0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1 KiB"), (10 << 20, "10 MiB"), (1536, "1.5 KiB"),
        (1 << 30, "1 GiB"), (1_048_575, "1024 KiB"), (Int64.max, "8388608 TiB"),
    ])
    func formattedBytes(bytes: Int64, text: String) {
        #expect(formatBytes(bytes) == text)
    }

    @Test(arguments: [
        (0, "0 ms"), (500, "500 ms"), (1000, "1 s"), (10_000, "10 s"), (1500, "1.5 s"), (1005, "1.005 s"),
        (90_000, "1 m 30 s"), (600_000, "10 m"), (86_400_000, "1 d"), (5_400_000, "1 h 30 m"), (61_500, "1 m 1.5 s"),
    ])
    func formattedDurations(milliseconds: Int64, text: String) {
        #expect(formatDuration(milliseconds: milliseconds) == text)
    }
}

@Suite struct FileNameTests {
    @Test(arguments: [
        "a", "a/b", "a-b", "x/-y", "…", "a b", "..a", "a..", ".hidden", "a/.b/c", String(repeating: "a", count: 255),
    ])
    func possible(name: String) {
        #expect(checkFileName(name) == nil)
    }

    @Test(arguments: [
        ("", "a file name cannot be empty"), ("/a", "absolute; names are relative to the run's directory"),
        ("..", "contains the component '..'"), ("a/../b", "contains the component '..'"),
        ("a/.", "contains the component '.'"), ("./a", "contains the component '.'"),
        ("a//b", "contains an empty component ('//' or a '/' at the end)"),
        ("a/", "contains an empty component ('//' or a '/' at the end)"),
        ("-a", "starts with '-', a program would take it for an option"),
        ("a\nb", "contains the control character U+000A"), ("a\0b", "contains the control character U+0000"),
        ("a\u{7F}", "contains the control character U+007F"), ("a\u{9B}m", "contains the control character U+009B"),
        ("a\u{202E}b", "contains the control character U+202E"),
        (String(repeating: "a", count: 256), "has a component longer than 255 bytes"),
        (String(repeating: "é", count: 128), "has a component longer than 255 bytes"),
        (String(repeating: "a/", count: 512) + "a", "longer than 1024 bytes"),
    ])
    func impossible(name: String, reason: String) {
        #expect(checkFileName(name) == reason)
    }

    @Test func bytesMustBeUTF8() {
        #expect(checkFileName([0x61, 0xFF]) == "not valid UTF-8")
        #expect(checkFileName([0xC0, 0xAF]) == "not valid UTF-8")
        #expect(checkFileName(Array("a/b".utf8)) == nil)
    }
}
