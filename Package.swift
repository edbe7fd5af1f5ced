// swift-tools-version: 6.1
import PackageDescription

// docs/architecture.md explains each target and each dependency. Arrows between targets point down only
// (Tests/Tidy keeps it so).

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]

let package = Package(
    name: "jrun",
    products: [
        .executable(name: "jrun", targets: ["jrun"]),
        .executable(name: "jrund", targets: ["jrund"]),
        .executable(name: "jrun-image", targets: ["jrun-image"]),
        .executable(name: "jrun-init", targets: ["jrun-init"]),
        .executable(name: "jrun-probe", targets: ["jrun-probe"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        // Without its traits, which would bring all of Foundation with ICU.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // Below the line: C.
        .target(name: "CLinux"),
        .target(name: "CPlan"),
        .target(name: "CLaunch", dependencies: ["CLinux"]),
        .target(name: "CRootless"),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        .target(name: "Kernel", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "Programs", dependencies: ["CYAML"], swiftSettings: strict),
        .target(
            name: "Confinement", dependencies: ["Programs", "CSeccomp", "CPlan", "CLinux"], swiftSettings: strict),
        .target(
            name: "Runs",
            dependencies: [
                "Images", "Kernel", "Programs", "Confinement", "CLaunch", "CRootless", "CPlan", "CLinux",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "jrun",
            dependencies: [
                "Runs", "ControlAPI", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // The store of images, and what makes them.
        .target(
            name: "Images",
            dependencies: ["Kernel", "CLinux", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(
            name: "ImageBuild",
            dependencies: [
                "Images", "Runs", "Programs", "Kernel", "CLinux", "CZlib",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "jrun-image",
            dependencies: [
                "ImageBuild", "Images", "Kernel", "Programs", "Runs",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // What goes over the control socket, for both of its ends.
        .target(name: "ControlAPI", dependencies: ["Kernel", "CLinux"], swiftSettings: strict),
        .executableTarget(
            name: "jrund",
            dependencies: [
                "Runs", "ControlAPI",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),

        // The plan's interpreter and pid 1 of a run: no libc, no heap. CInit holds _start and mem*().
        .target(
            name: "CInit",
            cSettings: [.unsafeFlags(["-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-Os"])]),
        .executableTarget(
            name: "jrun-init",
            dependencies: ["CLinux", "CPlan", "CInit"],
            swiftSettings: [
                .swiftLanguageMode(.v6), .enableExperimentalFeature("Embedded"),
                .unsafeFlags([
                    "-Osize", "-wmo", "-no-allocations", "-parse-as-library",
                    "-Xfrontend", "-disable-stack-protector",
                ]),
            ],
            linkerSettings: [
                .unsafeFlags([
                    "-enable-experimental-feature", "Embedded", "-nostartfiles",
                    "-Xclang-linker", "-nostdlib", "-Xclang-linker", "-static", "-Xclang-linker", "-no-pie",
                    "-Xlinker", "--gc-sections", "-Xlinker", "--build-id=none",
                ])
            ]),

        // What the privileged tests run inside the sandbox: a static C program with one verb per question.
        .executableTarget(
            name: "jrun-probe",
            linkerSettings: [
                .unsafeFlags([
                    "-enable-experimental-feature", "Embedded", "-nostartfiles",
                    "-Xclang-linker", "-static", "-Xclang-linker", "-no-pie",
                ])
            ]),

        // What the rules cost; only `make bench-programs` builds it in release.
        .executableTarget(
            name: "programs-bench", dependencies: ["Programs"], path: "Benchmarks/programs",
            exclude: ["run", "peers.py"], swiftSettings: strict),

        .testTarget(name: "KernelTests", dependencies: ["Kernel"], swiftSettings: strict),
        .testTarget(name: "ProgramsTests", dependencies: ["Programs"], swiftSettings: strict),
        .testTarget(
            name: "ConfinementTests", dependencies: ["Confinement"], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(name: "RunsTests", dependencies: ["Runs", "Images"], swiftSettings: strict),
        .testTarget(name: "ImagesTests", dependencies: ["Images"], swiftSettings: strict),
        .testTarget(name: "ImageBuildTests", dependencies: ["ImageBuild"], swiftSettings: strict),
        .testTarget(
            name: "JrunTests",
            dependencies: ["jrun", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        .testTarget(name: "JrundTests", dependencies: ["jrund"], swiftSettings: strict),
        .testTarget(name: "ControlAPITests", dependencies: ["ControlAPI"], swiftSettings: strict),
        // What the suites that drive the built binaries share.
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .testTarget(name: "Privileged", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "Control", dependencies: ["TestSupport"],
            exclude: ["Stored", "schemathesis", "schemathesis.toml", "schemathesis_hooks.py"], swiftSettings: strict),
        // The attacks of the escape suite as data, and who is attacked: for its tests and for jrun-escape, which prints the
        // table of docs/escape-table.md.
        .target(
            name: "EscapeAttacks", dependencies: ["TestSupport", "CLinux"], path: "Tests/Escape/Attacks",
            swiftSettings: strict),
        .executableTarget(
            name: "jrun-escape", dependencies: ["EscapeAttacks"], path: "Tests/Escape/Runner", swiftSettings: strict),
        .testTarget(
            name: "Escape", dependencies: ["EscapeAttacks"], exclude: ["Attacks", "Runner"], swiftSettings: strict),
        .testTarget(name: "Tidy", swiftSettings: strict),
        // jrun-init's reader of plans and its steps, as ordinary Swift before a kernel that only reads.
        .target(
            name: "InitSteps", dependencies: ["CLinux", "CPlan"], path: "Tests/Fuzz/InitSteps", swiftSettings: strict),
        .testTarget(
            name: "Fuzz",
            dependencies: [
                "Kernel", "Programs", "Confinement", "Runs", "Images", "ImageBuild", "ControlAPI", "jrund", "InitSteps",
                "CPlan",
            ],
            path: "Tests/Fuzz",
            exclude: ["fuzz", "words.dict", "corpus", "regressions", "InitSteps", "LibFuzzer"], swiftSettings: strict),
    ]
)

// JRUN_PACKAGE leaves a part of the package, for instruments that have no place in static programs without a libc:
// `unit` the unit suites and `core` these without the daemon and its web server, for `make sanitize`; `fuzz` the parsers
// under libFuzzer, for `make fuzz`.
if let part = Context.environment["JRUN_PACKAGE"] {
    let left = [
        "jrun-init", "jrun-probe", "CInit", "programs-bench", "Privileged", "Control", "Tidy", "TestSupport",
        "EscapeAttacks", "Escape", "jrun-escape",
    ]
    let daemon = part == "unit" ? [] : ["jrund", "JrundTests", "Fuzz"]
    package.targets.removeAll { (left + daemon).contains($0.name) || part == "fuzz" && $0.isTest }
    package.products.removeAll { (left + daemon).contains($0.name) }
    if part == "fuzz" {
        let webless = "jrund"
        let instruments: [SwiftSetting] = [
            .unsafeFlags([
                "-enable-testing", "-assert-config", "Debug",
                "-sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table",
            ])
        ]
        for target in package.targets where target.swiftSettings != nil { target.swiftSettings? += instruments }
        package.targets += [
            // What of the daemon needs no web server, under the daemon's name.
            .target(
                name: webless, dependencies: ["Runs", "ControlAPI"],
                sources: [
                    "Query.swift", "ByteRange.swift", "Configuration.swift", "ConfigurationDecoder.swift",
                ],
                swiftSettings: strict + instruments),
            .executableTarget(
                name: "jrun-fuzz",
                dependencies: [
                    "Kernel", "Programs", "Confinement", "Runs", "Images", "ImageBuild", "ControlAPI", "jrund",
                    "InitSteps", "CPlan",
                ],
                path: "Tests/Fuzz", exclude: ["fuzz", "words.dict", "corpus", "regressions", "InitSteps"],
                sources: ["Targets", "Models", "LibFuzzer"], swiftSettings: strict + instruments),
        ]
        package.products.append(.executable(name: "jrun-fuzz", targets: ["jrun-fuzz"]))
    }
}
