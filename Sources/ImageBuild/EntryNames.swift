import Images
import Programs

/// The parts of a path in an image.
///
/// - Throws: for what no honest path holds; the path is in the error with its control characters made visible.
func components(of name: [UInt8]) throws(ImageError) -> [String] {
    guard let path = String(validating: name, as: UTF8.self) else {
        throw ImageError("\(quoted(String(decoding: name, as: UTF8.self))): the name is not UTF-8")
    }
    guard !path.utf8.starts(with: "/".utf8) else {
        throw ImageError("\(quoted(path)): the name is absolute; names are relative to the image's root")
    }
    guard path.utf8.count < 4096 else { throw ImageError("\(quoted(path)): the path is longer than 4095 bytes") }
    if path.unicodeScalars.contains(where: isControlCharacter) {
        throw ImageError("\(quoted(path)): the name has a control character")
    }
    let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }.filter { $0 != "." }
    for part in parts {
        if part == ".." { throw ImageError("\(quoted(path)): the name has a '..', which would lead out of the image") }
        if part.utf8.count > 255 { throw ImageError("\(quoted(path)): a part of the name is longer than 255 bytes") }
    }
    return parts
}

/// What every run has in its `/dev`; links to it are no surprise.
private let devices: Set<String> = [
    "null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr", "shm", "pts", "ptmx", "log",
]

/// Judges a link by its letters: an absolute target begins at the image's root, and `..` may not climb above it.
func checkTarget(_ target: [UInt8], of path: [String]) throws(ImageError) {
    let name = quoted(path.joined(separator: "/"))
    guard let text = String(validating: target, as: UTF8.self), !text.isEmpty, text.utf8.count < 4096,
        !text.unicodeScalars.contains(where: isControlCharacter)
    else {
        throw ImageError("\(name): the target of the link is empty, too long, not UTF-8 or has a control character")
    }
    var place = text.utf8.first == UInt8(ascii: "/") ? [] : Array(path.dropLast())
    for part in text.utf8.split(separator: UInt8(ascii: "/")).map({ String(Substring($0)) }) where part != "." {
        guard part == ".." else {
            place.append(part)
            continue
        }
        guard place.popLast() != nil else {
            throw ImageError("\(name): the link to \(quoted(text)) leaves the image's root")
        }
    }
    if place.first == "dev", place.count > 1, path.first != "dev", !devices.contains(place[1]) {
        throw ImageError("\(name): the link to \(quoted(text)) waits for a device; a run has no /dev/\(place[1])")
    }
}

/// C0, DEL and C1.
private func isControlCharacter(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
}
