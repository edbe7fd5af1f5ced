import Foundation

/// A JSON text to look into. What is not there is nil, and so is everything beneath it.
package struct JSON: CustomStringConvertible {
    package let value: Any?

    package init(_ value: Any?) { self.value = value is NSNull ? nil : value }

    package init(parsing bytes: some Sequence<UInt8>) throws {
        self.init(try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed))
    }

    package subscript(key: String) -> JSON { JSON((value as? [String: Any])?[key]) }
    package subscript(index: Int) -> JSON { JSON(array.indices.contains(index) ? array[index].value : nil) }

    package var string: String? { value as? String }
    package var int: Int? { (value as? NSNumber)?.intValue }
    package var bool: Bool? { (value as? NSNumber)?.boolValue }
    package var exists: Bool { value != nil }
    package var array: [JSON] { (value as? [Any])?.map { JSON($0) } ?? [] }
    package var strings: [String] { array.compactMap(\.string) }
    package var keys: Set<String> { Set((value as? [String: Any])?.keys.map { $0 } ?? []) }
    package var description: String { value.map { "\($0)" } ?? "nothing" }
}
