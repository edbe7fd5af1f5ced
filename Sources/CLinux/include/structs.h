// Kernel structures, laid out as in include/uapi of Linux 6.18, under names of their own so that they never clash with
// a C library's.
#pragma once
#include <stdint.h>

struct k_timespec { int64_t tv_sec, tv_nsec; };
struct k_timeval { int64_t tv_sec, tv_usec; };

struct k_clone_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
struct k_open_how { uint64_t flags, mode, resolve; };
struct k_mount_attr { uint64_t attr_set, attr_clr, propagation, userns_fd; };
struct k_rlimit { uint64_t rlim_cur, rlim_max; };
struct k_rusage {
    struct k_timeval ru_utime, ru_stime;
    int64_t ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock, ru_msgsnd,
        ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw;
};
struct k_pollfd { int32_t fd; int16_t events, revents; };
#if defined(__x86_64__)
struct __attribute__((packed)) k_epoll_event { uint32_t events; uint64_t data; };
#else
struct k_epoll_event { uint32_t events; uint64_t data; };
#endif
struct k_signalfd_siginfo { uint32_t ssi_signo; int32_t ssi_errno, ssi_code; uint32_t ssi_pid; uint8_t rest[112]; };
struct k_sock_filter { uint16_t code; uint8_t jt, jf; uint32_t k; };
struct k_sock_fprog { uint16_t len; const struct k_sock_filter *filter; };
struct k_seccomp_data { int32_t nr; uint32_t arch; uint64_t instruction_pointer, args[6]; };
struct k_seccomp_notif { uint64_t id; uint32_t pid, flags; struct k_seccomp_data data; };
struct k_landlock_ruleset_attr { uint64_t handled_access_fs, handled_access_net, scoped; };
struct __attribute__((packed)) k_landlock_path_beneath_attr { uint64_t allowed_access; int32_t parent_fd; };
struct k_cap_header { uint32_t version; int32_t pid; };
struct k_cap_data { uint32_t effective, permitted, inheritable; };
struct k_ifreq { char ifr_name[16]; int16_t ifr_flags; uint8_t rest[22]; };
struct k_sockaddr_un { uint16_t sun_family; char sun_path[108]; };
struct k_flock { int16_t l_type, l_whence; int64_t l_start, l_len; int32_t l_pid; };
struct k_winsize { uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel; };
struct k_sigaction { uint64_t handler, flags, restorer, mask; };

struct k_statx_timestamp { int64_t tv_sec; uint32_t tv_nsec; int32_t reserved; };
struct k_statx {
    uint32_t stx_mask, stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink, stx_uid, stx_gid;
    uint16_t stx_mode, spare0;
    uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
    struct k_statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
    uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
    uint64_t stx_mnt_id;
    uint64_t spare[13];
};
struct k_statfs {
    int64_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
// quotactl(2): struct if_dqblk, and struct fs_quota_statv of <linux/dqblk_xfs.h>.
struct k_dqblk {
    uint64_t dqb_bhardlimit, dqb_bsoftlimit, dqb_curspace, dqb_ihardlimit, dqb_isoftlimit, dqb_curinodes;
    uint64_t dqb_btime, dqb_itime;
    uint32_t dqb_valid, padding;
};
struct k_fs_quota_statv {
    int8_t qs_version;
    uint8_t qs_pad1;
    uint16_t qs_flags;
    uint32_t qs_incoredqs;
    uint64_t qs_quotas[9];
    uint8_t rest[88];
};
// struct fsxattr of <linux/fs.h>
struct k_fsxattr { uint32_t fsx_xflags, fsx_extsize, fsx_nextents, fsx_projid, fsx_cowextsize; uint8_t padding[8]; };
// struct loop_config of <linux/loop.h>, with its struct loop_info64.
struct k_loop_config {
    uint32_t fd, block_size;
    uint64_t lo_device, lo_inode, lo_rdevice, lo_offset, lo_sizelimit;
    uint32_t lo_number, lo_encrypt_type, lo_encrypt_key_size, lo_flags;
    uint8_t lo_names[160];
    uint64_t lo_init[2], reserved[8];
};
// getdents64(2): d_name follows at offset 19.
struct __attribute__((packed)) k_dirent64 { uint64_t d_ino; int64_t d_off; uint16_t d_reclen; uint8_t d_type; };
#define DIRENT64_NAME_OFFSET 19
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12
