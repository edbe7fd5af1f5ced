import Images
import Kernel
import Testing

@testable import Runs

/// Which images runs name.
@Suite struct RunImagesTests {
    private let scratch: Scratch
    private let node: Node
    private let digests = (0..<4).map { ImageDigest(of: [$0]) }

    init() throws {
        scratch = try Scratch()
        let path = scratch("state")
        node = try Node(environment: { $0 == "JRUN_STATE" ? path : nil }, executable: "/usr/bin/jrun")
    }

    private func run(_ name: String, _ json: String?, hasEnded: Bool = false) throws {
        let directory = "\(node.runsDirectory)/\(name)"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        if let json { try FileSystem.createFile("\(directory)/run.json", Array(json.utf8)) }
        if hasEnded { try FileSystem.createFile("\(directory)/report.json", []) }
    }

    @Test func liveKeptAndUnbornRunsNameThem() throws {
        #expect(try RunImages.digests(on: node) == [])
        try run("live", "{\"image\": \"\(digests[0])\", \"schema\": \"of/later\", \"arguments\": [\"\(digests[3])\"]}")
        try run("kept", "{\"image\": \"\(digests[1])\"}", hasEnded: true)
        try run(".new-one", "{\"image\": \"\(digests[2])\"}")
        try run("of-the-node", "{}")
        try run(".gone-one", nil)
        #expect(try RunImages.digests(on: node) == Set(digests[..<3]))
        #expect(try RunImages.digests(on: node, live: true) == [digests[0], digests[2]])
    }

    /// Whoever takes images away must not guess.
    @Test func aRunThatNobodyUnderstandsIsAnError() throws {
        try run("damaged", "{")
        let error = #expect(throws: ImageError.self) { try RunImages.digests(on: node) }
        #expect(error?.description.contains("damaged/run.json' is damaged") == true)
    }
}
