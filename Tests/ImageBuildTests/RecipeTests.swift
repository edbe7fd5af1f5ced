import Programs
import Testing

@testable import ImageBuild

@Suite struct RecipeTests {
    private func parse(_ text: String) -> Result<Recipe, ProgramFileErrors> {
        Recipe.parse(Array(text.utf8), fileName: "r.yaml", directory: "/recipes")
    }

    private func errors(_ text: String) -> [String] {
        if case .failure(let errors) = parse(text) { return errors.errors.map(\.description) }
        return []
    }

    @Test func debian() throws {
        let text = """
            image: sp
            summary: some words
            from: debian
            suite: bookworm
            packages: [python3-numpy, libstdc++6=12.2.0-14]
            mirror: http://snapshot.debian.org/archive/debian/20260101T000000Z
            remove: [usr/share/doc]
            limits: {size: 1GiB, entries: 5000}
            """
        let recipe = try parse(text).get()
        #expect(recipe.name == "sp" && recipe.text == text && recipe.remove == ["usr/share/doc"])
        #expect(recipe.limits.bytes == 1 << 30 && recipe.limits.entries == 5000)
        guard case .debian(let debian) = recipe.source else { return #expect(Bool(false)) }
        #expect(debian.packages == ["python3-numpy", "libstdc++6=12.2.0-14"])
        #expect(debian.mirror.hasSuffix("Z"))
    }

    @Test func hostAndTheRest() throws {
        let host = try parse("{image: a, from: host, executables: [/bin/sh], data: [/usr/x], trial: [sh, -c, 'x']}")
            .get()
        #expect(host.source == .host(HostSource(executables: ["/bin/sh"], data: ["/usr/x"], trial: ["sh", "-c", "x"])))
        #expect(try parse("{image: a, from: tar, path: x.tar}").get().source == .tar(path: "/recipes/x.tar"))
        #expect(try parse("{image: a, from: directory, path: /x}").get().source == .directory(path: "/x"))
        let oci = try parse("{image: a, from: oci, path: /x, reference: latest}").get()
        #expect(oci.source == .oci(path: "/x", reference: "latest"))
        #expect(oci.limits.bytes == 4 << 30 && oci.limits.entries == 500_000)
    }

    @Test func allThatIsWrongIsToldAtOnceWithItsPlace() {
        let found = errors(
            """
            image: Bad
            from: debian
            suite: --help
            packages: [a, -o, "b c"]
            executables: [/bin/sh]
            remove: [/etc, ../x]
            limits: {size: much, files: 3}
            """)
        let places = found.map { $0.split(separator: ":").prefix(3).joined(separator: ":") }
        #expect(
            places == [
                "r.yaml:1:8", "r.yaml:3:8", "r.yaml:4:15", "r.yaml:4:19", "r.yaml:5:1", "r.yaml:6:10", "r.yaml:6:16",
                "r.yaml:7:16", "r.yaml:7:22",
            ])
        #expect(found[4].contains("key 'executables' is not known here"))
    }

    @Test(arguments: [
        "", "x", "[]", "image: a", "{image: a, from: rpm}", "{from: tar, path: x}", "{image: a, from: tar}",
        "{image: a, from: debian, suite: b}", "{image: a, from: debian, packages: [a]}",
        "{image: a, from: host, executables: []}", "{image: a, from: host, executables: [sh]}",
        "{image: a, from: debian, suite: b, packages: [a], mirror: 'ftp://x'}",
        "{image: a, from: debian, suite: b, packages: [a], mirror: 'http://x [trusted=yes]'}",
        "{image: a, from: tar, path: \"a\\nb\"}", "{image: a, image: b, from: tar, path: x}",
    ])
    func whatIsNoRecipeIsRefused(text: String) {
        #expect(!errors(text).isEmpty)
    }

    @Test func aMisspeltSourceIsNamed() {
        #expect(errors("{image: a, from: debain}").contains { $0.contains("did you mean 'debian'?") })
    }
}
