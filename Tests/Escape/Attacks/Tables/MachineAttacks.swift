// What all of the machine shares.

private let both: [Defence] = [.seccomp, .capabilities]
private let noPorts = [Lack("ENOSYS", "the kernel gives no ports away (CONFIG_X86_IOPL_IOPERM)")]
private let noDisk = [
    Lack("ENOENT", "/dev has no disk"), Lack("EPERM", "a device cgroup keeps the disk from the root of this node"),
]
private let noHugePages = [Lack("ENOMEM", "the node has no huge pages to give")]
private let hidden: [Defence] = [.mountView, .uid]

package let machineAttacks: [Attack] = [
    Attack("clock-set", .machine, "clock_settime(2).", probe: "clock-set", stoppedBy: both),
    Attack("timeofday-set", .machine, "settimeofday(2).", probe: "timeofday-set", stoppedBy: both),
    Attack(
        "clock-adjust", .machine, "clock_adjtime(2): the clock runs faster.", probe: "clock-adjust", stoppedBy: both),
    Attack(
        "host-name", .machine, "sethostname(2).", probe: "sethostname",
        stoppedBy: [.seccomp, .capabilities, .utsNamespace],
        control: .privateRoot),
    Attack(
        "domain-name", .machine, "setdomainname(2).", probe: "syscall setdomainname x 1",
        stoppedBy: [.seccomp, .capabilities, .utsNamespace], control: .privateRoot),
    Attack(
        "load-module", .machine, "finit_module(2): code into the kernel.", probe: "load-module {module}",
        stoppedBy: both,
        props: [.module],
        unavailable: [
            Lack("ENOENT", "no module that could be loaded is installed"), Lack("ENOSYS", "the kernel has no modules"),
        ]),
    Attack(
        "kexec", .machine, "kexec_load(2): another kernel at the next reboot.", probe: "syscall kexec_load 0 0 0 0",
        stoppedBy: both,
        unavailable: [
            Lack("ENOSYS", "the kernel has no kexec"), Lack("EPERM", "the kernel is locked down"),
        ]),
    Attack(
        "reboot", .machine, "reboot(2), here only what Ctrl-Alt-Del does, as systemd sets it at boot.",
        probe: "syscall reboot 0xfee1dead 672274793 0", stoppedBy: both),
    Attack(
        "swapon", .machine, "swapon(2): everybody's memory into a file of one's own.",
        probe: "swap-on /tmp/jrun-probe.swap",
        stoppedBy: both,
        unavailable: [Lack("EINVAL", "the file system there takes no swap file")]),
    Attack(
        "huge-page", .machine, "mmap(MAP_HUGETLB): pages of a pool that no memory limit counts (hugetlbpage.rst).",
        probe: "huge-page mmap", stoppedBy: [.seccomp], control: .user, props: [.hugePages],
        unavailable: noHugePages),
    Attack(
        "huge-page-memfd", .machine, "memfd_create(MFD_HUGETLB): the same without a mapping flag.",
        probe: "huge-page memfd", stoppedBy: [.seccomp], control: .user, props: [.hugePages],
        unavailable: noHugePages),
    Attack(
        "acct", .machine, "acct(2): every process of the machine is written down, or no longer.",
        probe: "syscall acct 0", stoppedBy: both,
        unavailable: [Lack("ENOSYS", "the kernel has no process accounting")]),
    Attack(
        "quotactl", .machine, "quotactl(2), here Q_SYNC, which needs no right at all.",
        probe: "syscall quotactl 0x80000100 0 0 0", stoppedBy: [.seccomp], control: .user,
        unavailable: [Lack("ENOSYS", "the kernel has no quotas")]),
    Attack(
        "iopl", .machine, "iopl(2): every port of the hardware.", probe: "syscall 172 3", stoppedBy: both,
        unavailable: noPorts),
    Attack(
        "ioperm", .machine, "ioperm(2): a port of the hardware.", probe: "syscall 173 0x80 1 1", stoppedBy: both,
        unavailable: noPorts),
    Attack(
        "core-pattern", .machine, "/proc/sys/kernel/core_pattern: a program that the kernel starts as root (core(5)).",
        probe: "rewrite /proc/sys/kernel/core_pattern", stoppedBy: [.procOptions, .uid]),
    Attack(
        "modprobe-path", .machine, "/proc/sys/kernel/modprobe: the same for modules that are asked for (proc(5)).",
        probe: "rewrite /proc/sys/kernel/modprobe", stoppedBy: [.procOptions, .uid],
        unavailable: [Lack("ENOENT", "the kernel has no modules")]),
    Attack(
        "uevent-helper", .machine, "/sys/kernel/uevent_helper: the same for devices that appear.",
        probe: "rewrite /sys/kernel/uevent_helper", stoppedBy: hidden,
        unavailable: [Lack("ENOENT", "the kernel has no uevent helper (CONFIG_UEVENT_HELPER)")]),
    Attack(
        "binfmt-misc", .machine, "binfmt_misc: an interpreter for everybody's executables (kernel: binfmt-misc).",
        probe: "put /proc/sys/fs/binfmt_misc/status 1", stoppedBy: [.procOptions, .uid],
        unavailable: [Lack("ENOENT", "binfmt_misc is not mounted")]),
    Attack(
        "sysrq", .machine, "/proc/sysrq-trigger, here 'h' for help (kernel: sysrq).",
        probe: "put /proc/sysrq-trigger h",
        stoppedBy: [.procOptions, .uid], unavailable: [Lack("ENOENT", "the kernel has no SysRq")]),
    Attack(
        "device-kmsg", .machine, "/dev/kmsg: the kernel's messages (dmesg(1)).", probe: "read-device /dev/kmsg",
        stoppedBy: hidden),
    Attack(
        "device-mem", .machine, "/dev/mem: physical memory (mem(4)).", probe: "read-device /dev/mem", stoppedBy: hidden,
        unavailable: [Lack("ENOENT", "the kernel has no /dev/mem (CONFIG_DEVMEM)")]),
    Attack(
        "device-disk", .machine, "The disk's device, past every file system.", probe: "read-device {disk-name}",
        stoppedBy: hidden, props: [.disk], unavailable: noDisk),
    Attack(
        "mknod-disk", .machine, "mknod(2) of the disk's device in a directory of one's own.",
        probe: "device block {disk-major} {disk-minor} /tmp", stoppedBy: [.capabilities, .mountView], props: [.disk],
        unavailable: noDisk),
    Attack(
        "mknod-kmsg", .machine, "mknod(2) of /dev/kmsg in a directory of one's own.", probe: "device char 1 11 /tmp",
        stoppedBy: [.capabilities, .mountView]),
    Attack(
        "vhangup", .machine, "vhangup(2) takes the terminal from all who share it.", probe: "syscall vhangup",
        stoppedBy: both, control: .privateRoot),
]
