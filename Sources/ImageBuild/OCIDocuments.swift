import FoundationEssentials
import Images

// The documents of an OCI image. Source: OCI Image Format Specification 1.1.

/// Names a blob by digest.
struct OCIDescriptor: Codable, Equatable {
    struct Platform: Codable, Equatable {
        var architecture: String
        var os: String
    }

    var mediaType: String
    var digest: String
    var size: Int64
    var platform: Platform?
    var annotations: [String: String]?

    static let referenceName = "org.opencontainers.image.ref.name"
}

struct OCIIndex: Codable {
    var schemaVersion = 2
    var mediaType: String? = "application/vnd.oci.image.index.v1+json"
    var manifests: [OCIDescriptor]
}

struct OCIManifest: Codable {
    var schemaVersion = 2
    var mediaType: String? = "application/vnd.oci.image.manifest.v1+json"
    var config: OCIDescriptor
    var layers: [OCIDescriptor]
}

struct OCIConfig: Codable {
    struct RootFS: Codable {
        var type = "layers"
        var diffIDs: [String]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    var architecture: String
    var os: String
    var rootfs: RootFS
}

/// Reads a document.
///
/// - Parameter name: for the error.
func ociDocument<Document: Decodable>(_: Document.Type, _ bytes: [UInt8], _ name: String) throws -> Document {
    do { return try JSONDecoder().decode(Document.self, from: Data(bytes)) } catch {
        throw ImageError("\(name): is no document of an OCI image")
    }
}
