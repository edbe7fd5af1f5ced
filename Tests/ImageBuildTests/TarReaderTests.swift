import Images
import Testing

@testable import ImageBuild

@Suite struct TarReaderTests {
    private func names(_ bytes: [UInt8], size: Int = 1000) throws -> [String] {
        let reader = TarReader(Pieces(bytes, size: size))
        var names: [String] = []
        while let entry = try reader.next() { names.append(String(decoding: entry.name, as: UTF8.self)) }
        return names
    }

    @Test(arguments: [1, 7, 511, 512, 513, 100_000])
    func contentsAndNamesHoweverTheyAreCut(size: Int) throws {
        let long = String(repeating: "d/", count: 100) + "f"
        let bytes = tar([
            TarSample(name: "a", content: String(repeating: "x", count: 1500)), TarSample(name: "b"),
            TarSample(name: "c", content: "short", pax: [("path", long)]),
            TarSample(name: "L", type: "L", content: "long by GNU\u{0}"), TarSample(name: "long by", content: "y"),
            TarSample(name: "g", type: "g", content: "12 comment=a\n"), TarSample(name: "last"),
        ])
        #expect(try names(bytes, size: size) == ["a", "b", long, "long by GNU", "last"])
        let reader = TarReader(Pieces(bytes, size: size))
        _ = try reader.next()
        var content: [UInt8] = []
        while case let piece = try reader.content(upTo: 700), !piece.isEmpty { content += piece }
        #expect(content == [UInt8](repeating: UInt8(ascii: "x"), count: 1500))
        #expect(try reader.next()?.name == Array("b".utf8))
    }

    @Test func theTargetOfALinkMayBeLong() throws {
        let target = String(repeating: "t", count: 300)
        let pax = tar([TarSample(name: "a", type: "2", target: "x", pax: [("linkpath", target)])])
        #expect(try TarReader(Pieces(pax)).next()?.kind == .link(target: Array(target.utf8)))
        let gnu = tar([TarSample(name: "K", type: "K", content: target + "\u{0}"), .link("a", "x")])
        #expect(try TarReader(Pieces(gnu)).next()?.kind == .link(target: Array(target.utf8)))
    }

    @Test func everyCutIsNoticed() throws {
        let bytes = tar([TarSample(name: "a", content: "content"), TarSample(name: "b")])
        for count in stride(from: 0, to: bytes.count - 1024, by: 100) {
            #expect(throws: ImageError.self, "cut behind \(count) bytes") { try names(Array(bytes[..<count])) }
        }
    }

    @Test func everyChangedByteOfAHeaderIsNoticed() throws {
        let bytes = tar([TarSample(name: "a")])
        for at in 0..<512 where !(148..<156).contains(at) {
            var changed = bytes
            changed[at] ^= 1
            #expect(throws: ImageError.self, "byte \(at)") { try names(changed) }
        }
    }

    @Test(arguments: ["x", "5 a=b", "99 a=b\n", "6 a=b\n6", "3 \n", "-6 a=b\n", "7 size=\n", "10 size=a\n"])
    func aDamagedExtendedHeader(records: String) {
        let bytes = tar([TarSample(name: "p", type: "x", content: records), TarSample(name: "a")])
        #expect(throws: ImageError.self) { try names(bytes) }
    }

    @Test func extendedHeadersAreBounded() {
        let large = TarSample(name: "p", type: "x", size: 2 << 20)
        #expect(throws: ImageError.self) { try names(tar([large])) }
        let twice = TarSample(name: "L", type: "L", content: "x")
        #expect(throws: ImageError.self) { try names(tar([twice, twice, TarSample(name: "a")])) }
        #expect(throws: ImageError.self) { try names(tar([twice])) }
    }
}

@Suite struct GunzipTests {
    private func all(_ bytes: [UInt8], size: Int = 1000) throws -> [UInt8] {
        let source = try Gunzip(Pieces(bytes, size: size), name: "x")
        var all: [UInt8] = []
        while case let piece = try source.read(upTo: 4096), !piece.isEmpty { all += piece }
        return all
    }

    @Test(arguments: [1, 100, 100_000])
    func itUnpacks(size: Int) throws {
        let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
        #expect(try all(gzip(content), size: size) == content)
        #expect(try all(gzip(content) + gzip([1, 2]), size: size) == content + [1, 2])
        #expect(try all(gzip([]), size: size) == [])
    }

    @Test func damageIsNoticed() throws {
        let packed = gzip([UInt8]("some content, some content".utf8))
        for count in 0..<packed.count {
            #expect(throws: ImageError.self, "cut behind \(count)") { try all(Array(packed[..<count])) }
        }
        var changed = packed
        changed[packed.count - 6] ^= 1
        #expect(throws: ImageError.self) { try all(changed) }
        #expect(throws: ImageError.self) { try all(packed + [1, 2, 3]) }
    }

    @Test func aBombEndsAtItsBound() throws {
        let bomb = gzip([UInt8](repeating: 0, count: 10 << 20))
        #expect(bomb.count < 20_000)
        let source = BoundedSource(try Gunzip(Pieces(bomb), name: "x"), limit: 1 << 20, what: "too much")
        var taken = 0
        let error = #expect(throws: ImageError.self) {
            while case let piece = try source.read(upTo: 65_536), !piece.isEmpty { taken += piece.count }
        }
        #expect(error?.description == "too much" && taken <= 1 << 20)
    }
}
