import ControlAPI
import Hummingbird
import NIOCore
import Programs
import Runs

// All files of a run as one tar archive.

extension API {
    func archive(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let files = try await onDisk { try run.files() }
        return Response(
            status: .ok, headers: [.contentType: "application/x-tar"],
            body: ResponseBody { writer in
                for file in files {
                    let opened = try await onDisk { try run.open(file) }
                    let size = opened.file.size
                    // The time says nothing: files of a run come and go with it.
                    let header = TarWriter.header(
                        name: file.path, size: size, modified: 0, isExecutable: opened.file.isExecutable)
                    try await writer.write(ByteBuffer(bytes: header))
                    try await write(opened, 0..<size, to: &writer)
                    let padding = TarWriter.padding(behind: size)
                    if !padding.isEmpty { try await writer.write(ByteBuffer(bytes: padding)) }
                }
                try await writer.write(ByteBuffer(bytes: TarWriter.end))
                try await writer.finish(nil)
            })
    }

    /// Nothing is put into its place before the whole archive has been read and found good.
    func putArchive(_ call: Call) async throws -> Response {
        let run = try visibleRun(call)
        let archive = ArchiveUpload(run)
        do {
            try await call.readBody { piece in
                let bytes = Array(piece.readableBytesView)
                try await archive.take(bytes)
            }
            try await archive.finish()
        } catch let error as TarError {
            throw Problem(error.kind == .tooLarge ? .tooLarge : .malformed, error.description)
        }
        return try call.answer(FileList(files: try await onDisk { try run.files().map(FileView.init) }))
    }
}
