// The steps of jrun-init itself: the run's file system, host name and network, and what the program's steps will use.
// Each returns what the kernel returned. Their order and its reasons stand in Confinement/LaunchPlan.

import CLinux
import CPlan

extension Launch {
    mutating func viewStep(_ step: jrun_step) -> Int {
        let path = plan.text(step.text_1)
        switch Int32(step.op) {
        case JRUN_OP_MAKE_PRIVATE: return sys_mount(nil, text("/"), nil, UInt(MS_REC | MS_PRIVATE), nil)
        case JRUN_OP_MOUNT_ROOT: return mountRoot(over: path, options: plan.text(step.text_2))
        case JRUN_OP_DIRECTORY: return makeDirectory(path, mode: UInt32(step.a))
        case JRUN_OP_SYMLINK: return sys_symlinkat(path, AT_FDCWD, plan.text(step.text_2))
        case JRUN_OP_FILE: return makeFile(path, step)
        case JRUN_OP_DEVICE: return makeDevice(path, major: UInt32(step.a), minor: UInt32(step.b))
        case JRUN_OP_ATTACH: return attach(step.fd, at: path, attributes: step.a)
        case JRUN_OP_BIND: return bind(path, at: plan.text(step.text_2), attributes: step.a)
        case JRUN_OP_COVER: return cover(path, step)
        case JRUN_OP_DETACH: return detach(path)
        case JRUN_OP_MOUNT: return mountFileSystem(step)
        case JRUN_OP_ENTER_ROOT: return enterRoot()
        case JRUN_OP_SEAL_ROOT: return setAttributes(UInt64(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC))
        case JRUN_OP_HOST_NAME: return sys_sethostname(path, length(path))
        case JRUN_OP_LOOPBACK: return raiseLoopback()
        case JRUN_OP_LANDLOCK_RULESET: return makeRuleset(step)
        case JRUN_OP_LANDLOCK_PATH: return allowPath(path, accesses: step.a)
        case JRUN_OP_PIPE: return makePipe(forStream: step.a, owner: UInt32(step.b))
        default: return Int(-EINVAL)
        }
    }

    private func mountRoot(over path: UnsafePointer<CChar>, options: UnsafePointer<CChar>) -> Int {
        let result = sys_mount(text("jrun"), path, text("tmpfs"), UInt(MS_NOSUID), options)
        return result < 0 ? result : sys_chdir(path)
    }

    private func makeDirectory(_ path: UnsafePointer<CChar>, mode: UInt32) -> Int {
        let result = sys_mkdirat(AT_FDCWD, path, mode)
        return result == Int(-EEXIST) ? 0 : result
    }

    /// Never one that is there already, nor by a link that somebody else has put there: until the root is entered, a link may
    /// lead to the node.
    private func makeFile(_ path: UnsafePointer<CChar>, _ step: jrun_step) -> Int {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = sys_openat(AT_FDCWD, path, flags, UInt32(step.a))
        guard file >= 0 else { return file }
        let result = sys_write(Int32(file), plan.blob(step), Int(step.blob_bytes))
        _ = sys_close(Int32(file))
        return result
    }

    private func makeDevice(_ path: UnsafePointer<CChar>, major: UInt32, minor: UInt32) -> Int {
        // makedev() for the small numbers that the memory devices have.
        sys_mknodat(AT_FDCWD, path, UInt32(S_IFCHR | 0o666), major << 8 | minor)
    }

    /// Attributes are set while the mount is still detached, so nobody ever sees it writable.
    private func attach(_ mount: Int32, at path: UnsafePointer<CChar>, attributes: UInt64) -> Int {
        var attr = k_mount_attr(attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0)
        let result = sys_mount_setattr(mount, text(""), UInt32(AT_EMPTY_PATH | AT_RECURSIVE), &attr)
        if result < 0 { return result }
        return sys_move_mount(mount, text(""), AT_FDCWD, path, UInt32(MOVE_MOUNT_F_EMPTY_PATH))
    }

    private func bind(_ source: UnsafePointer<CChar>, at path: UnsafePointer<CChar>, attributes: UInt64) -> Int {
        let flags = UInt32(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW)
        let mount = sys_open_tree(AT_FDCWD, source, flags)
        guard mount >= 0 else { return mount }
        let result = attach(Int32(mount), at: path, attributes: attributes)
        _ = sys_close(Int32(mount))
        return result
    }

    /// The file has a name in the root until it is mounted, and is the mount's alone then.
    private func cover(_ path: UnsafePointer<CChar>, _ step: jrun_step) -> Int {
        let name = text(".cover")
        var result = makeFile(name, step)
        if result < 0 { return result }
        let attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
        result = bind(name, at: path, attributes: UInt64(attributes))
        return result < 0 ? result : sys_unlinkat(AT_FDCWD, name, 0)
    }

    private func detach(_ path: UnsafePointer<CChar>) -> Int {
        let result = sys_umount2(path, MNT_DETACH)
        return result < 0 ? result : sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR)
    }

    private func mountFileSystem(_ step: jrun_step) -> Int {
        if step.b == 0 { return mountType(step) }
        let owner = UInt32(step.b)
        // The capabilities stay: overlayfs marks what is hidden, and goes where modes would not let the owner.
        _ = sys_prctl(PR_SET_SECUREBITS, UInt(SECBIT_NO_SETUID_FIXUP), 0, 0, 0)
        _ = sys_setfsuid(owner)
        _ = sys_setfsgid(owner)
        // Neither call says that it was refused; each answers what was before. Source: setfsuid(2), BUGS
        let isOwner = sys_setfsuid(owner) == Int(owner) && sys_setfsgid(owner) == Int(owner)
        let result = isOwner ? mountType(step) : Int(-EPERM)
        _ = sys_setfsuid(0)
        _ = sys_setfsgid(0)
        _ = sys_prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)
        return result
    }

    private func mountType(_ step: jrun_step) -> Int {
        let type = plan.text(step.text_1)
        return sys_mount(type, plan.text(step.text_2), type, UInt(step.a), plan.blob(step))
    }

    /// pivot_root(".", ".") puts the old root on top of the new one; detaching "." then leaves only the new one.
    /// Source: pivot_root(2), "pivot_root(".", ".")".
    private func enterRoot() -> Int {
        var result = sys_pivot_root(text("."), text("."))
        if result < 0 { return result }
        result = sys_umount2(text("."), MNT_DETACH)
        return result < 0 ? result : sys_chdir(text("/"))
    }

    private func setAttributes(_ attributes: UInt64) -> Int {
        var attr = k_mount_attr(attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0)
        return sys_mount_setattr(AT_FDCWD, text("/"), 0, &attr)
    }

    private func raiseLoopback() -> Int {
        let socket = sys_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)
        guard socket >= 0 else { return socket }
        var request = k_ifreq()
        request.ifr_name.0 = 0x6c  // "lo"
        request.ifr_name.1 = 0x6f
        request.ifr_flags = Int16(IFF_UP)
        let result = sys_ioctl(Int32(socket), UInt(SIOCSIFFLAGS), &request)
        _ = sys_close(Int32(socket))
        return result
    }

    private mutating func makeRuleset(_ step: jrun_step) -> Int {
        var attr = k_landlock_ruleset_attr(
            handled_access_fs: step.a, handled_access_net: 0,
            scoped: plan.blob(step).load(as: UInt64.self))
        // A kernel refuses a structure longer than it knows only if the unknown part is not zero.
        let result = sys_landlock_create_ruleset(&attr, MemoryLayout<k_landlock_ruleset_attr>.size, 0)
        landlockRuleset = Int32(result)
        return result
    }

    private func allowPath(_ path: UnsafePointer<CChar>, accesses: UInt64) -> Int {
        let parent = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0)
        guard parent >= 0 else { return parent }
        var rule = k_landlock_path_beneath_attr(allowed_access: accesses, parent_fd: Int32(parent))
        let result = sys_landlock_add_rule(landlockRuleset, LANDLOCK_RULE_PATH_BENEATH, &rule)
        _ = sys_close(Int32(parent))
        return result
    }

    private mutating func makePipe(forStream stream: UInt64, owner: UInt32) -> Int {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) {
            sys_pipe2($0.baseAddress!.assumingMemoryBound(to: Int32.self), O_CLOEXEC)
        }
        // The relay never waits inside a read; the program's end stays blocking.
        _ = sys_fcntl(ends.0, F_SETFL, Int(O_NONBLOCK))
        // So that the program can open /dev/stdout by name.
        _ = sys_fchown(ends.1, owner, owner)
        let pipe = Pipe(reader: ends.0, writer: ends.1)
        if stream == 1 { stdout = pipe } else { stderr = pipe }
        return result
    }
}

func length(_ string: UnsafePointer<CChar>) -> Int {
    var n = 0
    while string[n] != 0 { n += 1 }
    return n
}
