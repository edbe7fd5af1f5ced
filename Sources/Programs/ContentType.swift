/// A kind of content that an input file can be required to be. Raw values are the words of the program file.
public enum ContentType: String, Sendable, CaseIterable {
    /// UTF-8 without control characters but tab, line feed, form feed and carriage return.
    case text
    case asciiText = "text/ascii"
    case png
}
