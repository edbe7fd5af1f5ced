extension ProgramDecoder {
    func securityProfile(_ node: YAMLNode) -> SecurityProfile? {
        let keys = ["root", "files", "network", "seccomp", "devices"]
        guard let fields = Fields(node, what: "security", keys: keys, findings: findings) else { return nil }
        let files = fields.node("files").flatMap {
            Fields($0, what: "security.files", keys: ["read", "execute"], findings: findings)
        }
        return SecurityProfile(
            root: fields.node("root").flatMap(rootSource) ?? .host,
            read: files?.node("read").map { paths($0, "security.files.read") } ?? [],
            execute: files?.node("execute").map { paths($0, "security.files.execute") } ?? [],
            network: fields.node("network").flatMap { read.word($0, "security.network", Network.self) } ?? .none,
            seccomp: fields.node("seccomp").flatMap(seccompChoice) ?? .default,
            devices: fields.node("devices").map(devices) ?? [])
    }

    private func rootSource(_ node: YAMLNode) -> RootSource? {
        if case .scalar("host", _) = node.content { return .host }
        guard case .mapping = node.content else {
            findings.add(
                node.mark,
                "security.root: \(node.kind) is not possible here; allowed: host, {image: NAME}, {image: NAME, writable: true}"
            )
            return nil
        }
        let what = "security.root"
        guard let fields = Fields(node, what: what, keys: ["image", "writable"], findings: findings) else { return nil }
        let isWritable = fields.node("writable").flatMap { read.bool($0, "security.root.writable") } ?? false
        return fields.required("image", in: what)
            .flatMap { read.checked($0, "security.root.image", reasonAgainstImageReference) }
            .map { .image(ImageRoot($0, isWritable: isWritable)) }
    }

    private func paths(_ node: YAMLNode, _ what: String) -> [String] {
        (read.list(node, what) ?? []).compactMap { read.absolutePath($0, what) }
    }

    private func devices(_ node: YAMLNode) -> [String] {
        (read.list(node, "security.devices") ?? []).compactMap { item in
            read.checked(item, "security.devices") { path in
                checkAbsolutePath(path) ?? (path.hasPrefix("/dev/") ? nil : "must be beneath /dev")
            }
        }
    }

    // MARK: seccomp

    private func seccompChoice(_ node: YAMLNode) -> SeccompChoice? {
        guard case .mapping = node.content else {
            guard let text = read.text(node, "security.seccomp") else { return nil }
            return text == "default" ? .default : seccompFile(node).map { .file($0) }
        }
        let keys = ["extends", "allow", "deny"]
        guard let fields = Fields(node, what: "security.seccomp", keys: keys, findings: findings) else { return nil }
        let allow = fields.node("allow").map { systemCalls($0, "security.seccomp.allow") } ?? []
        let deny = fields.node("deny").map { systemCalls($0, "security.seccomp.deny") } ?? []
        guard let base = fields.required("extends", in: "security.seccomp") else { return nil }
        guard case .scalar("default", _) = base.content else {
            read.reportUnknown(base, "security.seccomp.extends", among: ["default"])
            return nil
        }
        return .extended(allow: allow, deny: deny)
    }

    /// Beside the program file, or anywhere by its absolute path.
    private func seccompFile(_ node: YAMLNode) -> String? {
        read.checked(node, "security.seccomp") { text in
            guard text.hasSuffix(".json") else { return "expected default, the name of a .json file, or a mapping" }
            return text.hasPrefix("/") ? checkAbsolutePath(text) : checkFileName(text)
        }
    }

    /// Whether the kernel knows the name is the filter compiler's question.
    private func systemCalls(_ node: YAMLNode, _ what: String) -> [String] {
        (read.list(node, what) ?? []).compactMap { item in
            read.checked(item, what) { name in
                let isName = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
                return isName && !name.isEmpty && name.utf8.count <= 64 ? nil : "not the name of a system call"
            }
        }
    }
}
