// jrun-escape: tries the attacks of the escape suite under one or several confiners, as root.
//
//   jrun-escape --dist .build/dist [--under NAME]… [--markdown FILE] [ATTACK|FAMILY]…
//   jrun-escape --read FILE --markdown FILE
//
// Prints one line an attempt and a summary; --read takes what an earlier call printed. Exits 1 when an attack succeeded inside jrun, or a control failed.

import EscapeAttacks
import Foundation
import Glibc

struct Options {
    var dist = ".build/dist"
    var under: [String] = []
    var markdown: String?
    var read: String?
    var wanted: Set<String> = []

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--dist": dist = try Options.value(&rest, word)
            case "--under": under.append(try Options.value(&rest, word))
            case "--markdown": markdown = try Options.value(&rest, word)
            case "--read": read = try Options.value(&rest, word)
            case _ where word.hasPrefix("-"): throw Site.Unusable(description: "unknown option '\(word)'")
            default: wanted.insert(word)
            }
        }
    }

    private static func value(_ rest: inout ArraySlice<String>, _ option: String) throws -> String {
        guard let value = rest.popFirst() else { throw Site.Unusable(description: "'\(option)' needs a value") }
        return value
    }
}

func chosenConfiners(_ options: Options, _ site: Site) throws -> [any Confiner] {
    let known = confiners.map(\.name)
    if let name = options.under.first(where: { !known.contains($0) }) {
        throw Site.Unusable(description: "no confiner '\(name)'; there are: \(known.joined(separator: ", "))")
    }
    return confiners.filter { confiner in
        guard options.under.isEmpty || options.under.contains(confiner.name) else { return false }
        guard let reason = confiner.missing(at: site) else { return true }
        print("\(confiner.name) is left out: \(reason)")
        return false
    }
}

func tryAll(_ options: Options) throws -> Results {
    let chosen = attacks.filter {
        options.wanted.isEmpty || options.wanted.contains($0.name) || options.wanted.contains($0.family.rawValue)
    }
    let site = try Site(built: options.dist)
    defer { site.remove() }
    let confiners = try chosenConfiners(options, site)
    var results = Results(confiners: confiners, attacks: chosen, node: nodeName())
    print(results.head)
    for attack in chosen {
        for confiner in confiners {
            let verdict = attempt(attack, under: confiner, at: site)
            results.note(verdict, attack, confiner)
            print(Results.line(verdict, attack, confiner))
            fflush(nil)
        }
    }
    return results
}

/// The system's name and its kernel.
func nodeName() -> String {
    let lines = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8))?.split(separator: "\n") ?? []
    let system = lines.first { $0.hasPrefix("PRETTY_NAME=") }?.dropFirst(12).filter { $0 != "\"" } ?? "Linux"
    let kernel = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8).split(separator: "\n").first
    return "\(system), Linux \(kernel ?? "?")"
}

func run() throws -> Int32 {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    let results =
        if let file = options.read {
            Results(reading: try String(contentsOfFile: file, encoding: .utf8), attacks: attacks)
        } else { try tryAll(options) }
    print(results.summary)
    if let file = options.markdown { try Data(results.markdown.utf8).write(to: URL(fileURLWithPath: file)) }
    return results.isGood ? 0 : 1
}

do { exit(try run()) } catch {
    FileHandle.standardError.write(Data("jrun-escape: \(error)\n".utf8))
    exit(2)
}
