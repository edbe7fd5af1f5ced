// Kernel constants that Debian 12's headers may lack, and those whose headers quarrel with glibc's.
#ifndef KERNEL_H
#define KERNEL_H

#include <sys/syscall.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#endif
#ifndef SYS_fsconfig
#define SYS_fsconfig 431
#endif
#ifndef SYS_fsmount
#define SYS_fsmount 432
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION 1U
#endif
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef X32_SYSCALL_BIT
#define X32_SYSCALL_BIT 0x40000000
#endif

// <linux/fs.h>'s and <linux/mount.h>'s copies clash with <sys/mount.h> on some glibc versions.
#define PROBE_FSCONFIG_CMD_CREATE 6

// <linux/keyctl.h>
#define PROBE_KEYCTL_GET_KEYRING_ID 0
#define PROBE_KEYCTL_JOIN_SESSION_KEYRING 1
#define PROBE_KEYCTL_DESCRIBE 6
#define PROBE_KEYCTL_SEARCH 10
#define PROBE_KEYCTL_INVALIDATE 21
#define PROBE_KEY_PROCESS_KEYRING (-2)
#define PROBE_KEY_SESSION_KEYRING (-3)
#define PROBE_KEY_USER_KEYRING (-4)

#endif
