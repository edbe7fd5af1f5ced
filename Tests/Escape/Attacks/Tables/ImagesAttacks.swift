// What is proper to root images and to overlays: the files of the one, the layers of the other, and what lies beneath.

package let imageAttacks: [Attack] = [
    Attack(
        "image-file", .images, "The file of the image, in which all its runs would find what is written.",
        probe: "write {image-file} x", stoppedBy: [.mountView, .uid], props: [.storedImage]),
    Attack(
        "image-mount", .images, "The image by the place where the node has it mounted for all its runs.",
        probe: "read {image-mount}{probe}", stoppedBy: [.mountView, .uid], props: [.storedImage]),
    Attack(
        "remount-view", .images, "The mount that shows files read-only is made writable (mount(2), MS_REMOUNT).",
        probe: "remount {mounted}", stoppedBy: [.seccomp, .capabilities], control: .privateRoot,
        props: [.readOnlyMount]),
    Attack(
        "setattr-view", .images, "The same by mount_setattr (Linux 5.12).", probe: "mount-setattr {mounted}",
        stoppedBy: [.seccomp, .capabilities], control: .privateRoot, props: [.readOnlyMount]),
    Attack(
        "write-own-root", .images, "A file that the view shows is written through `/proc/self/root`.",
        probe: "write /proc/self/root{shown} x", stoppedBy: [.mountView, .landlock], success: .change,
        props: [.shownFile]),
    Attack(
        "loop-device", .images, "The loop device beneath a mounted image, past every mode and mount option (loop(4)).",
        probe: "read-device {loop}", stoppedBy: [.mountView, .uid], props: [.loopDevice]),
    Attack(
        "mknod-loop", .images, "mknod(2) of that device in a directory of one's own.",
        probe: "device block 7 {loop-minor} /tmp", stoppedBy: [.capabilities, .mountView], props: [.loopDevice]),
    Attack(
        "loop-control", .images, "/dev/loop-control: a loop device of one's own (loop(4)).",
        probe: "open /dev/loop-control rdwr", stoppedBy: [.mountView], props: [.loopDevice]),
    Attack(
        "device-in-view", .images, "A device node among the files that the view shows: here /dev/kmsg.",
        probe: "read-device {shown-device}", stoppedBy: [.mountView, .landlock], props: [.shownFile, .shownDevice]),
    Attack(
        "uncover", .images,
        "What lies beneath a file of the run's own, as `/etc/passwd` in an image: umount2(2), and read.",
        probe: "uncover {covered}", stoppedBy: [.seccomp, .capabilities], control: .privateRoot, success: .secret,
        props: [.coveredFile]),
    Attack(
        "clone-beneath", .images, "The same in a copy of the mount without what is mounted on it (open_tree(2)).",
        probe: "clone-beneath {covered-directory} {covered-name}", stoppedBy: [.seccomp, .capabilities],
        control: .privateRoot, success: .secret, props: [.coveredFile]),
    Attack(
        "overlay-layers", .images,
        "The upper, lower and work directories of an overlay, by the paths that `/proc/self/mountinfo` tells.",
        probe: "reach-layers {overlay}", stoppedBy: [.mountView], props: [.overlay]),
    Attack(
        "overlay-attribute", .images,
        "trusted.overlay.redirect: a directory of the layer below under another name (overlayfs.rst; CVE-2023-0386).",
        probe: "setxattr {shown-directory} trusted.overlay.redirect", stoppedBy: [.capabilities, .mountView],
        props: [.shownFile]),
    Attack(
        "forged-whiteout", .images,
        "A character device 0:0, which everybody may make, hides a file of the layer below (overlayfs.rst).",
        probe: "mknod {shown-directory}/whiteout char 0 0", stoppedBy: [.landlock, .mountView], control: .user,
        props: [.shownFile]),
    Attack(
        "fill-view", .images, "More data in what the view shows than it may hold.",
        probe: "fill {shown-directory}/full 40MiB", stoppedBy: [.mountView], props: [.shownFile]),
]
