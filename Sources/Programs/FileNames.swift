/// Longest name of a file in the work directory, bytes.
public let maxFileNameBytes = 1024
/// Longest single component of a name: NAME_MAX of every Linux file system.
public let maxComponentBytes = 255
/// Directories deeper than this are not searched for results: deeper than any honest result lies.
public let maxResultDepth = 32

/// Why `name` cannot be the name of a file in a run's work directory, or `nil` if it can.
///
/// Allowed are relative names whose components are neither empty, `.` nor `..`, without control characters. A leading
/// `-` is refused because the program would take the name for an option.
public func checkFileName(_ name: String) -> String? {
    if name.isEmpty { return "a file name cannot be empty" }
    if name.utf8.count > maxFileNameBytes { return "longer than \(maxFileNameBytes) bytes" }
    if name.utf8.first == UInt8(ascii: "/") { return "absolute; names are relative to the run's directory" }
    if name.utf8.first == UInt8(ascii: "-") { return "starts with '-', a program would take it for an option" }
    for scalar in name.unicodeScalars where isControl(scalar) {
        return "contains the control character U+\(fourHex(scalar.value))"
    }
    for component in name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
        if let reason = checkComponent(component) { return reason }
    }
    return nil
}

/// The same for a name as the kernel knows it, which need not be UTF-8.
public func checkFileName(_ bytes: [UInt8]) -> String? {
    guard let name = String(validating: bytes, as: UTF8.self) else { return "not valid UTF-8" }
    return checkFileName(name)
}

private func checkComponent(_ component: Substring.UTF8View) -> String? {
    if component.isEmpty { return "contains an empty component ('//' or a '/' at the end)" }
    if component.elementsEqual(".".utf8) { return "contains the component '.'" }
    if component.elementsEqual("..".utf8) { return "contains the component '..'" }
    if component.count > maxComponentBytes { return "has a component longer than \(maxComponentBytes) bytes" }
    return nil
}

private func fourHex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}

/// Why `path` cannot be an absolute path of the node in a program file, or `nil` if it can.
func checkAbsolutePath(_ path: String) -> String? {
    guard path.utf8.first == UInt8(ascii: "/") else { return "must be an absolute path" }
    guard path != "/" else { return "must not be the root directory" }
    guard path.utf8.count < 4096 else { return "longer than 4095 bytes" }
    if path.unicodeScalars.contains(where: isControl) { return "contains a control character" }
    for component in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
        if let reason = checkComponent(component) { return reason }
    }
    return nil
}
