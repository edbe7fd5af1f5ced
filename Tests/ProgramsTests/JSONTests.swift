import Testing

@testable import Programs

@Suite struct JSONTests {
    private func read(_ text: String) throws(JSONError) -> JSONValue { try JSONReader.read(Array(text.utf8)) }

    private func reason(_ text: String) -> String {
        do { return "accepted: \(try read(text))" } catch { return "\(error)" }
    }

    @Test func everyKindOfValue() throws {
        let text = #" {"a": [null, true, false, -0.50e+7, "\u00e9\ud83d\ude00\n\/"], "": {}, "b": []} "#
        let value: JSONValue = [
            "a": [.null, true, false, .number("-0.50e+7"), "é😀\n/"], "": [:], "b": [],
        ]
        #expect(try read(text) == value)
        #expect(try read(value.pretty()) == value)
        #expect(try read(value.compact()) == value)
    }

    @Test(arguments: [
        ("", "line 1, column 1: the text ends where a value is expected"),
        ("{", "line 1, column 2: expected a key in double quotes"),
        ("{\"a\": 1,}", "line 1, column 9: expected a key in double quotes"),
        ("[1,]", "line 1, column 4: expected a value"), ("[1 2]", "line 1, column 4: expected ',' or ']'"),
        ("{\"a\" 1}", "line 1, column 6: expected ':' behind the key 'a'"),
        ("{\n \"é\": 1, \"é\": 2}", "line 2, column 10: key 'é' is given twice"),
        ("{\"a\": 1, \"\\u0061\": 2}", "line 1, column 10: key 'a' is given twice"),
        ("01", "line 1, column 2: a number has no leading zeros"), ("1.", "line 1, column 3: expected a digit"),
        (".5", "line 1, column 1: expected a value"), ("+1", "line 1, column 1: expected a value"),
        ("1e", "line 1, column 3: expected a digit"), ("-", "line 1, column 2: expected a digit"),
        ("NaN", "line 1, column 1: expected a value"), ("nul", "line 1, column 1: expected a value"),
        ("1 // one", "line 1, column 3: something stands behind the value"),
        ("\"a", "line 1, column 3: the text is not closed"),
        ("\"a\u{7}\"", "line 1, column 3: a control character in a text must be written as \\u00XX"),
        ("\"\\x\"", "line 1, column 2: this escape is not known"),
        ("\"\\u12g4\"", "line 1, column 4: expected four hexadecimal digits"),
        ("\"\\ud800\"", "line 1, column 2: half a surrogate pair"),
        ("\"\\udc00\"", "line 1, column 2: half a surrogate pair"),
        ("\"\\ud800\\u0041\"", "line 1, column 2: half a surrogate pair"),
        ("\u{FEFF}1", "line 1, column 1: expected a value"),
    ])
    func whatIsNotJSONIsRefused(_ text: String, _ expected: String) { #expect(reason(text) == expected) }

    @Test func notUTF8() {
        #expect(throws: JSONError(line: 1, column: 1, message: "not valid UTF-8")) {
            try JSONReader.read([0x22, 0xFF, 0x22])
        }
    }

    @Test func everythingIsBounded() {
        let deep = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
        #expect((try? read(deep)) != nil)
        #expect(reason("[\(deep)]") == "line 1, column 17: nested deeper than 16")
        let most = "[" + String(repeating: "0,", count: 199_998) + "0]"
        #expect((try? read(most)) != nil)
        #expect(reason("[0,\(most.dropFirst())").hasSuffix("more than 200000 values"))
        let large = "\"" + String(repeating: "x", count: (4 << 20) - 2) + "\""
        #expect((try? read(large)) != nil)
        #expect(reason(large + " ") == "line 1, column 1: larger than 4 MiB")
        #expect(reason(String(repeating: "[", count: 1_000_000)) == "line 1, column 17: nested deeper than 16")
    }

    @Test func whatATerminalWouldObeyIsPrintedAsANumber() {
        #expect(JSONValue.string("\u{1b}[31m\u{202e}\"\\").compact() == #""\u001b[31m\u202e\"\\""#)
    }

    @Test func longThingsArePrintedOnLinesOfTheirOwn() {
        let word = String(repeating: "x", count: 60)
        let value: JSONValue = ["a": 1, "b": [.string(word), .string(word)], "c": [:]]
        #expect(
            value.pretty() == "{\n  \"a\": 1,\n  \"b\": [\n    \"\(word)\",\n    \"\(word)\"\n  ],\n  \"c\": {}\n}\n")
        #expect((["a": 1] as JSONValue).pretty() == "{\"a\": 1}\n")
    }

    @Test(
        arguments: [
            ("", []), ("AA==", [0]), ("AAE=", [0, 1]), ("AAEC", [0, 1, 2]), ("+/+/", [251, 255, 191]),
        ] as [(String, [UInt8])])
    func base64(_ text: String, _ bytes: [UInt8]) { #expect((try? decodeBase64(text)) == bytes) }

    @Test(arguments: [
        "A", "AA", "AAA", "AA=A", "=AAA", "A===", "====", "AA==AAAA", "AAA\n", "AB==", "AAF=", "AA-_", "AAAAA===",
    ])
    func notBase64(_ text: String) { #expect((try? decodeBase64(text)) == nil) }
}
