import Foundation

/// A JSON text to look into. What is not there is nil, and so is everything beneath it.
struct JSON: CustomStringConvertible {
    let value: Any?

    init(_ value: Any?) { self.value = value is NSNull ? nil : value }

    init(parsing bytes: some Sequence<UInt8>) throws {
        self.init(try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed))
    }

    subscript(key: String) -> JSON { JSON((value as? [String: Any])?[key]) }
    subscript(index: Int) -> JSON { JSON(array.indices.contains(index) ? array[index].value : nil) }

    var string: String? { value as? String }
    var int: Int? { (value as? NSNumber)?.intValue }
    var bool: Bool? { (value as? NSNumber)?.boolValue }
    var exists: Bool { value != nil }
    var array: [JSON] { (value as? [Any])?.map { JSON($0) } ?? [] }
    var strings: [String] { array.compactMap(\.string) }
    var keys: Set<String> { Set((value as? [String: Any])?.keys.map { $0 } ?? []) }
    var description: String { value.map { "\($0)" } ?? "nothing" }
}
