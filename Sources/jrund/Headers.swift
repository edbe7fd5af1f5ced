import HTTPTypes

// Header fields that HTTPTypes has no name for. Each is a valid token, so the initialiser cannot fail.

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key").unsafelyUnwrapped
    static let lastEventID = HTTPField.Name("Last-Event-ID").unsafelyUnwrapped
    /// Of the first byte of the answer in its stream.
    static let streamOffset = HTTPField.Name("X-Jrun-Offset").unsafelyUnwrapped
}

private let digits = Array("0123456789abcdef".utf8)

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
