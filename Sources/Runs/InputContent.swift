import CLinux
import Kernel
import Programs

/// Reads as much of a file as it takes to say which of these kinds it is.
public func contentFacts(of path: String, lookingFor types: [ContentType]) throws(KernelError) -> ContentFacts {
    let file = try FileSystem.open(path, [.read, .nonBlocking])
    return try contentFacts(of: file.raw, lookingFor: types)
}

/// From the file's beginning, wherever the descriptor stands.
func contentFacts(of file: Int32, lookingFor types: [ContentType]) throws(KernelError) -> ContentFacts {
    var inspector = ContentInspector(lookingFor: types)
    var offset: Int64 = 0
    while inspector.wantsMore {
        // The first piece is what most kinds are told by.
        let piece = try FileSystem.read(file, from: offset, upTo: offset == 0 ? 4096 : 1 << 18)
        if piece.isEmpty { break }
        inspector.add(piece)
        offset += Int64(piece.count)
    }
    return inspector.facts()
}
