/// What an image's root may hold: a run's root is made of its entries, one by one.
public enum ImageTopLevel {
    /// Each but a link is a mount of every run and takes three steps of its launch plan, which has room for 1,024.
    public static let most = 200

    /// Names that are taken while a run's root is put together, so that an image's own would not be seen.
    public static let taken: Set<String> = [".cover", ".image", ".layer", ".lower"]
}
