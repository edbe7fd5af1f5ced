import EscapeAttacks
import Glibc
import TestSupport
import Testing

/// Writable root images: what one run leaves in its layer, and how much fits there. The catalogue is tried on images by
/// `Attacks`.
extension Escape {
    @Suite struct ImageAttacks {
        private let confiner = JrunImage(isWritable: true)
        private let place = "/usr/bin"

        private func stage(_ props: [Prop] = []) throws -> Stage {
            let site = try Setting.site.get()
            if let reason = Setting.imagesMissing {
                Counts.skipped()
                try Test.cancel("\(reason)")
            }
            let nothing = Attack("nothing", .images, "", probe: "ids", stoppedBy: [], props: props)
            return try Stage(nothing, confiner, site)
        }

        private func answers(_ words: String, _ stage: Stage) throws -> [JSON] {
            let ended = try confiner.command(for: words.split(separator: " ").map(String.init), on: stage).run()
            return ended.text.split(separator: "\n").compactMap { try? JSON(parsing: $0.utf8) }
        }

        private func took(_ answers: [JSON]) -> [Bool] {
            answers.filter { $0["verb"].string == "ipc-take" }.map { $0["result"].string == "ok" }
        }

        @Test func nothingIsKeptForTheNextRun() throws {
            let stage = try stage()
            defer { stage.clear() }
            let first = try answers("batch ipc-leave file \(place)/left -- ipc-take file \(place)/left", stage)
            #expect(took(first) == [true], "the run itself has it: \(first)")
            #expect(took(try answers("batch ipc-take file \(place)/left", stage)) == [false])
        }

        /// As it would be with one layer for all.
        @Test func outsideItIsKept() throws {
            let stage = try stage()
            defer { stage.clear() }
            let file = "\(stage.directory)/left"
            for verb in ["ipc-leave", "ipc-take"] {
                let ended = try Command([stage.site.probe, verb, "file", file], environment: [:]).run()
                #expect(try JSON(parsing: ended.stdout.array)["result"].string == "ok", "\(ended.text)")
            }
        }

        @Test func theLayerOfALiveRunIsNotSeen() throws {
            let held = "ipc-hold file \(place)/held"
            let stage = try stage([.neighbour(held)])
            defer { stage.clear() }
            #expect(took(try answers("batch ipc-take file \(place)/held", stage)) == [false])
        }

        @Test func aLayerHasRoomForSoManyFiles() throws {
            let stage = try stage()
            defer { stage.clear() }
            let answer = try #require(answers("batch many-files \(place) 100000", stage).first)
            #expect(answer["errno"].string == "ENOSPC", "\(answer)")
        }

        /// The suite would notice if a run reached the image that others have: here somebody else has changed the tree that
        /// the image is compared with.
        @Test func noticesAChangedImage() throws {
            let stage = try stage([.shownFile])
            defer { stage.clear() }
            let image = try stage.image(ownedByRoot: true)
            #expect(try answers("ids", stage).count == 1)
            #expect(try image.isAsItWas() && confiner.keepsAsItWas(stage))
            try stage.write("changed", to: "\(stage.directory)/tree\(stage.fill("{shown}")[0])", mode: 0o666)
            #expect(try !image.isAsItWas() && !confiner.keepsAsItWas(stage))
        }

        /// Else the attacks with setuid files in an image would ask nothing.
        @Test func imagesMadePastTheToolKeepSetuidBitsAndDevices() throws {
            let stage = try stage([.elevatingCopy(mode: 0o4755), .shownFile, .shownDevice])
            defer { stage.clear() }
            let image = try stage.image(ownedByRoot: true)
            #expect(try answers("ids", stage).count == 1)
            var facts = stat()
            #expect(lstat("\(image.mountPoint)\(try stage.fill("{setuid}")[0])", &facts) == 0)
            #expect(facts.st_mode & S_ISUID != 0)
            #expect(lstat("\(image.mountPoint)\(try stage.fill("{shown-device}")[0])", &facts) == 0)
            #expect(facts.st_mode & S_IFMT == S_IFCHR)
        }
    }
}
