import CLinux
import Programs
import Testing

@testable import Confinement

// Confinement writes the kernel's numbers without importing them; here they are compared with the kernel's names.

@Suite struct KernelNumbersTests {
    @Test func namespaces() {
        let flags: [LaunchPlan.Namespace: Int64] = [
            .mount: Int64(CLONE_NEWNS), .pid: Int64(CLONE_NEWPID), .ipc: Int64(CLONE_NEWIPC), .uts: Int64(CLONE_NEWUTS),
            .network: Int64(CLONE_NEWNET),
        ]
        for space in LaunchPlan.Namespace.allCases { #expect(Int64(space.cloneFlag) == flags[space], "\(space)") }
    }

    @Test func mountAttributes() {
        let numbers: [(MountAttributes, Int32, Int32)] = [
            (.readOnly, MOUNT_ATTR_RDONLY, MS_RDONLY), (.noSetuid, MOUNT_ATTR_NOSUID, MS_NOSUID),
            (.noDevices, MOUNT_ATTR_NODEV, MS_NODEV), (.noExecute, MOUNT_ATTR_NOEXEC, MS_NOEXEC),
        ]
        for (attribute, new, old) in numbers {
            #expect(attribute.rawValue == UInt64(new) && attribute.rawValue == UInt64(old), "\(attribute.names)")
        }
    }

    @Test func resources() {
        let numbers: [(Step.RLimit, Int32)] = [
            (.fsize, RLIMIT_FSIZE), (.core, RLIMIT_CORE), (.nproc, RLIMIT_NPROC), (.nofile, RLIMIT_NOFILE),
            (.memlock, RLIMIT_MEMLOCK), (.addressSpace, RLIMIT_AS), (.sigpending, RLIMIT_SIGPENDING),
            (.msgqueue, RLIMIT_MSGQUEUE), (.nice, RLIMIT_NICE), (.rtprio, RLIMIT_RTPRIO),
        ]
        for (resource, number) in numbers { #expect(resource.rawValue == number, "\(resource)") }
    }

    @Test func signals() {
        let numbers: [(StopSignal, Int32)] = [
            (.hup, SIGHUP), (.int, SIGINT), (.quit, SIGQUIT), (.kill, SIGKILL), (.usr1, SIGUSR1), (.usr2, SIGUSR2),
            (.term, SIGTERM),
        ]
        for (signal, number) in numbers { #expect(signal.number == number, "\(signal)") }
    }

    @Test func landlockRights() {
        let numbers: [(LandlockAccess, Int32)] = [
            (.execute, LANDLOCK_ACCESS_FS_EXECUTE), (.writeFile, LANDLOCK_ACCESS_FS_WRITE_FILE),
            (.readFile, LANDLOCK_ACCESS_FS_READ_FILE), (.readDirectory, LANDLOCK_ACCESS_FS_READ_DIR),
            (.refer, LANDLOCK_ACCESS_FS_REFER), (.truncate, LANDLOCK_ACCESS_FS_TRUNCATE),
            (.ioctlDevice, LANDLOCK_ACCESS_FS_IOCTL_DEV),
        ]
        for (right, number) in numbers { #expect(right.rawValue == UInt64(number), "\(right)") }
        let nodes = UInt64(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
        #expect(LandlockAccess.everythingButDevices.rawValue & nodes == 0)
    }

    /// Each version knows what the one before it knew. Source: landlock.rst, "Compatibility" and "Previous limitations".
    @Test(
        arguments: [
            (1, 0x1fff, 0), (2, 0x3fff, 0), (3, 0x7fff, 0), (4, 0x7fff, 0), (5, 0xffff, 0), (6, 0xffff, 3),
            (7, 0xffff, 3),
            (99, 0xffff, 3),
        ] as [(Int, UInt64, UInt64)])
    func landlockHandlesWhatItsVersionKnows(abi: Int, files: UInt64, scopes: UInt64) {
        let ruleset = LandlockRuleset(abi: abi)
        #expect(ruleset.files.rawValue == files)
        #expect(ruleset.scopes == scopes)
    }

    @Test func securebitsAreAllLocked() { #expect(SECUREBITS_ALL_LOCKED == 0xef) }
}
