import Testing

// Which module may know which: docs/architecture.md, "Where a thing belongs".

/// What the files of a target may import.
private let allowed: [String: Set<String>] = [
    "Kernel": ["CLinux", "Glibc", "Synchronization"],
    "Programs": ["CYAML"],
    "Confinement": ["Programs", "CSeccomp", "CPlan", "CLinux"],
    "Runs": [
        "Images", "Kernel", "Programs", "Confinement", "CLaunch", "CRootless", "CPlan", "CLinux", "Crypto",
        "FoundationEssentials", "Dispatch", "Synchronization",
    ],
    "Images": ["Kernel", "CLinux", "Crypto", "FoundationEssentials"],
    "ImageBuild": [
        "Images", "Runs", "Programs", "Kernel", "CLinux", "CZlib", "Crypto", "FoundationEssentials", "Glibc",
    ],
    "jrun-image": ["ImageBuild", "Images", "Runs", "Programs", "Kernel", "ArgumentParser", "Glibc"],
    // What both ends of the control socket say to each other.
    "ControlAPI": ["Kernel", "CLinux", "FoundationEssentials"],
    // The daemon holds no rules of its own: HTTP, systemd and configuration.
    "jrund": [
        "Runs", "ControlAPI", "Programs", "Kernel", "CLinux", "Hummingbird", "HummingbirdCore", "HTTPTypes", "Logging",
        "NIOCore", "NIOPosix", "NIOHTTP1", "NIOHTTPTypes", "FoundationEssentials", "Dispatch", "Synchronization",
        "Glibc", "Crypto",
    ],
    "jrun-init": ["CLinux", "CPlan", "CInit"],
    // The command line holds no rules of its own; of the modules below Runs it uses their plain values and texts.
    "jrun": ["Runs", "ControlAPI", "Programs", "Kernel", "ArgumentParser", "FoundationEssentials", "Glibc"],
]

/// The few files that may import what the rest of their target may not, each with the reason.
private let onlyIn: [(target: String, module: String, files: Set<String>)] = [
    // strerror.
    ("Kernel", "Glibc", ["KernelError.swift"]),
    // A memory file for libseccomp's output, and the numbers of calls; everything else in Confinement is pure.
    ("Confinement", "CLinux", ["SeccompCompiler.swift", "SeccompHugePages.swift"]),
    ("Confinement", "CSeccomp", ["SeccompCompiler.swift", "SeccompHugePages.swift"]),
    ("Confinement", "CPlan", ["PlanEncoding.swift", "RequestEncoding.swift"]),
    ("Programs", "CYAML", ["YAMLComposer.swift"]),
    // JSON.
    ("Runs", "FoundationEssentials", ["RunFileJSON.swift"]),
    // The queues that block, and the one beside a large copy.
    (
        "Runs", "Dispatch",
        ["WorkPool.swift", "Monitor.swift", "ResultCopy.swift", "WarmPool.swift"]
    ),
    ("Images", "FoundationEssentials", ["ImageManifest.swift"]),
    ("ImageBuild", "FoundationEssentials", ["OCIDocuments.swift"]),
    ("ImageBuild", "CZlib", ["Gunzip.swift"]),
    // posix_spawn(3), which also resets signals.
    ("ImageBuild", "Glibc", ["Tool.swift"]),
    // What of the ELF reader is below the runs.
    ("ImageBuild", "Runs", ["HostSource.swift", "ImageCleaning.swift", "ImageUse.swift"]),
    ("Runs", "CLaunch", ["Launcher.swift", "ImageCopy.swift", "NetworkAhead.swift"]),
    ("Runs", "CRootless", ["RootlessEntry.swift", "RootlessRefusal.swift", "RootlessCgroup.swift"]),
    // exit(3).
    ("jrun", "Glibc", ["Process.swift"]),
    ("jrun-image", "Glibc", ["Process.swift"]),
    ("jrun-image", "Runs", ["StoreCommands.swift"]),
]

@Suite struct ArrowTests {
    @Test func everySourceWasFound() {
        #expect(Set(Repository.swiftSources.map(\.target)) == Set(allowed.keys))
        #expect(Repository.swiftSources.count > 80)
    }

    @Test func importsPointDown() {
        let wrong = Repository.swiftSources.flatMap { file in
            file.imports.filter { allowed[file.target]?.contains($0) != true }.map { "\(file.path) imports \($0)" }
        }
        #expect(wrong == [])
    }

    @Test func exceptionsStayExceptions() {
        let wrong = Repository.swiftSources.flatMap { file in
            onlyIn.filter {
                $0.target == file.target && file.imports.contains($0.module) && !$0.files.contains(file.name)
            }
            .map { "\(file.path) imports \($0.module)" }
        }
        #expect(wrong == [])
    }

    /// Foundation brings ICU: 1.5 ms more for every start (docs/architecture.md, "Dependencies").
    @Test func nobodyImportsFoundation() {
        let wrong = Repository.swiftSources.filter { $0.imports.contains("Foundation") }.map(\.path)
        #expect(wrong == [])
    }

    /// Tests mirror the targets, so they see no more than their target does; they may look at it from the kernel's side.
    @Test func unitTestsStayWithTheirTarget() {
        let toolchain: Set<String> = ["Testing", "FoundationEssentials", "Glibc", "Synchronization", "CLinux", "CPlan"]
        let wrong = Repository.swiftTests.flatMap { file -> [String] in
            let target = file.target.hasSuffix("Tests") ? String(file.target.dropLast(5)) : ""
            guard let below = allowed[target] else { return [] }
            return file.imports.filter { !toolchain.union(below).contains($0) && $0 != target }
                .map { "\(file.path) imports \($0)" }
        }
        #expect(wrong == [])
    }

    /// jrun-escape goes into the test machine, built in release: there is no library of tests.
    @Test func whatLeavesTheTestsTakesNoTestLibrary() {
        let files = Repository.swiftTests.filter { file in
            ["Tests/Support/", "Tests/Escape/Attacks/", "Tests/Escape/Runner/"].contains { file.path.contains($0) }
        }
        #expect(files.count > 20)
        #expect(files.filter { $0.imports.contains("Testing") }.map(\.path) == [])
    }

    // MARK: C

    /// Headers that need no C library.
    private static let freestanding: Set<String> = ["<stdint.h>", "<stddef.h>", "<asm/unistd.h>"]

    @Test(
        arguments: [
            ("CLinux", ["constants.h", "structs.h", "syscalls.h", "CLinux.h"]), ("CPlan", ["CPlan.h"]),
            ("CLaunch", ["CLaunch.h", "CLinux.h"]), ("CInit", ["CInit.h"]),
        ] as [(String, Set<String>)])
    func cBetweenCloneAndExecNeedsNoLibrary(target: String, own: Set<String>) {
        let files = Repository.files(beneath: "Sources/\(target)", "c", "h")
        #expect(!files.isEmpty)
        let wrong = files.flatMap { file in
            file.lines.filter { $0.hasPrefix("#include") }.compactMap { line -> String? in
                let header = line.dropFirst("#include".count).filter { $0 != " " }
                let name = header.filter { $0 != "\"" }
                return Self.freestanding.contains(header) || own.contains(name) ? nil : "\(file.path): \(line)"
            }
        }
        #expect(wrong == [])
    }
}

/// Package.swift says the same: a module that is not a dependency cannot be imported by accident.
@Suite struct ManifestTests {
    /// The names in `dependencies: […]` of each target; products of other packages by the product's name.
    private static let dependencies: [String: Set<String>] = {
        guard let text = Repository.text("Package.swift") else { return [:] }
        var result: [String: Set<String>] = [:]
        let targets = text[(text.firstRange(of: "targets: [\n        //")?.lowerBound ?? text.startIndex)...]
        for match in targets.matches(
            of:
                /\.(?:target|executableTarget|systemLibrary)\(\s*name: "([^"]+)"([\s\S]*?)(?=\n        \.|\n    \]|\n\n)/
        ) {
            let rest = match.output.2
            let list = rest.firstMatch(of: /[^.]dependencies: \[([\s\S]*?)\n?\s*\](?:,|\))/)?.output.1 ?? ""
            let products = list.matches(of: /\.product\(name: "([^"]+)"/).map { String($0.output.1) }
            let plain = list.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"([^"]+)"/).map {
                String($0.output.1)
            }
            result[String(match.output.1)] = Set(products + plain)
        }
        return result
    }()

    private func reachable(from target: String) -> Set<String> {
        var seen: Set<String> = [], pending = [target]
        while let next = pending.popLast() {
            for name in Self.dependencies[next] ?? [] where seen.insert(name).inserted { pending.append(name) }
        }
        return seen
    }

    @Test func theManifestWasUnderstood() {
        #expect(
            Self.dependencies["Runs"] == [
                "Images", "Kernel", "Programs", "Confinement", "CLaunch", "CRootless", "CPlan", "CLinux", "Crypto",
            ])
        #expect(Self.dependencies["Kernel"] == ["CLinux"])
        #expect(Self.dependencies["CPlan"] == [])
        #expect(Self.dependencies["jrun-init"] == ["CLinux", "CPlan", "CInit"])
    }

    @Test func dependenciesAreTheArrows() {
        for (target, may) in allowed {
            let declared = Self.dependencies[target] ?? []
            #expect(declared.isSubset(of: may), "\(target) depends on \(declared.subtracting(may).sorted())")
        }
        #expect(Self.dependencies["CLaunch"] == ["CLinux"])
        #expect(Self.dependencies["CLinux"] == [] && Self.dependencies["CInit"] == [])
    }

    @Test func whatIsImportedIsDeclared() {
        let toolchain: Set<String> = ["Glibc", "FoundationEssentials", "Dispatch", "Synchronization"]
        let wrong = Repository.swiftSources.flatMap { file in
            file.imports.filter { !reachable(from: file.target).union(toolchain).contains($0) }.map {
                "\(file.path) imports \($0)"
            }
        }
        #expect(wrong == [])
    }
}
