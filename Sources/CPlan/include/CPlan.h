// The wire format between whoever launches a run (jrun, jrund) and jrun-init.
//
// A launch plan travels as one sealed memfd:
//
//     jrun_plan_header | jrun_step × step_count | data
//
// `data` holds NUL-terminated texts and blobs; every text_* and blob_* is an offset into it. Its first byte is NUL, so
// offset 0 is the empty text. All numbers are native-endian: the plan never leaves the machine. Steps before
// `program_step` are carried out by jrun-init, the others by the process that becomes the program, in order.
//
// A jrun_request follows it where the plan says that the program's process holds. The other two structures travel the
// other way: jrun_failure over the report pipe (end of file there means that the program's execve has succeeded),
// jrun_status into the run directory's `status` file.
#pragma once
#include <stdint.h>

#define JRUN_PLAN_MAGIC 0x6e616c706e75726aULL /* "jrunplan" */
#define JRUN_PLAN_VERSION 7
#define JRUN_PLAN_MAX_BYTES (4 << 20)
#define JRUN_PLAN_MAX_STEPS 1024

// Descriptors that jrun-init finds in place; the plan's own ones follow from JRUN_FD_FIRST on.
#define JRUN_FD_PLAN 3
#define JRUN_FD_REPORT 4
#define JRUN_FD_FIRST 5

// jrun_step.op. What a, b, fd, text_1, text_2 and blob mean is said behind each.
#define JRUN_OP_MAKE_PRIVATE 1      // -
#define JRUN_OP_MOUNT_ROOT 2        // text_1: existing directory to cover; text_2: tmpfs options
#define JRUN_OP_DIRECTORY 3         // text_1: path; a: mode
#define JRUN_OP_SYMLINK 4           // text_1: target; text_2: path
#define JRUN_OP_FILE 5              // text_1: path; a: mode; blob: contents
#define JRUN_OP_DEVICE 6            // text_1: path; a: major; b: minor
#define JRUN_OP_ATTACH 7            // fd: detached mount; text_1: path; a: MOUNT_ATTR_* to set, recursively
#define JRUN_OP_MOUNT 8             // text_1: type; text_2: path; a: MS_*; b: uid and gid that mount it, or 0; blob: options, NUL-terminated
#define JRUN_OP_ENTER_ROOT 9        // -
#define JRUN_OP_SEAL_ROOT 10        // -
#define JRUN_OP_HOST_NAME 11        // text_1: name
#define JRUN_OP_LOOPBACK 12         // -
#define JRUN_OP_LANDLOCK_RULESET 13 // a: fs accesses; blob: u64 scopes
#define JRUN_OP_LANDLOCK_PATH 14    // text_1: path; a: fs accesses
#define JRUN_OP_PIPE 15             // a: 1 or 2, the stream; b: uid of its owner; makes the pipe for the relay
#define JRUN_OP_START_PROGRAM 16    // fd: cgroup leaf; last step of jrun-init
#define JRUN_OP_SESSION 17          // -
#define JRUN_OP_CGROUP_NAMESPACE 18 // -
#define JRUN_OP_KEYRING 19          // -
#define JRUN_OP_STDIO 20            // fd: descriptor, or -1 for the stream's pipe; a: 0, 1 or 2
#define JRUN_OP_UMASK 21            // a: mask
#define JRUN_OP_RLIMIT 22           // text_1: name; a: resource; b: soft and hard value
#define JRUN_OP_OOM_SCORE 23        // text_1: value
#define JRUN_OP_GROUPS 24           // -
#define JRUN_OP_GID 25              // a: gid
#define JRUN_OP_BOUNDING_SET 26     // -
#define JRUN_OP_SECUREBITS 27       // a: bits
#define JRUN_OP_UID 28              // a: uid
#define JRUN_OP_CAPABILITIES 29     // -
#define JRUN_OP_WORKING_DIRECTORY 30 // text_1: path
#define JRUN_OP_REDIRECT 31         // text_1: path; a: O_*; b: 0, 1 or 2; blob: none
#define JRUN_OP_NO_NEW_PRIVS 32     // -
#define JRUN_OP_LANDLOCK_ENFORCE 33 // -
#define JRUN_OP_SECCOMP 34          // blob: struct sock_filter[]; a: SECCOMP_FILTER_FLAG_*
#define JRUN_OP_EXECUTE 35          // text_1: path; blob: u64 offsets, argv then 0 then envp then 0; a: argc; b: envc
#define JRUN_OP_DUPLICATE 36        // a: stream that is there; b: stream that becomes the same
#define JRUN_OP_SCHEDULING 37       // -
#define JRUN_OP_PERSONALITY 38      // -
#define JRUN_OP_BIND 39             // text_1: what is there; text_2: second place; a: MOUNT_ATTR_* to set
#define JRUN_OP_COVER 40            // text_1: existing file; a: mode; blob: contents of what lies over it
#define JRUN_OP_DETACH 41           // text_1: mount point, which is removed
#define JRUN_OP_HOLD 42             // fd: pipe that a jrun_request comes by; text_1: the run directory's name until then; text_2: its name while it is removed
#define JRUN_OP_LAST 42

struct jrun_step {
    uint32_t op;
    int32_t fd;
    uint32_t text_1, text_2;
    uint64_t a, b;
    uint32_t blob_offset, blob_bytes;
    uint64_t reserved;
};

// jrun_supervision.flags
// Without it the run survives its launcher: at the end jrun-init waits to be released, and the work directory with it.
#define JRUN_LIFELINE 1        // end of file on `fd_control` ends the run and removes everything it left
#define JRUN_WATCH_THREADS 2   // no pids controller: count cgroup.threads against `processes`
#define JRUN_WATCH_PIDS 4      // pids controller: its `pids.events` tells when the limit was hit
#define JRUN_WATCH_DISK 8      // the work directory's file system is as large as the limit: full means `disk`
#define JRUN_WATCH_MEMORY 16   // memory controller: `memory.events` tells of an OOM kill

#define JRUN_TRUNCATE_STDOUT 32 // at `stdout_cap`, drop the rest instead of ending the run; stderr alike
#define JRUN_TRUNCATE_STDERR 64
#define JRUN_FILE_STDOUT 128    // `fd_stdout` is a file of the run: counts for `disk`, not for `output_bytes`; stderr alike
#define JRUN_FILE_STDERR 256
#define JRUN_UNCAPPED 0xffffffffffffffffULL

// What jrun-init does once the program runs. Times in nanoseconds; descriptors are -1 when absent.
struct jrun_supervision {
    uint32_t flags;
    int32_t fd_control, fd_status, fd_cgroup, fd_stdout, fd_stderr, fd_work;
    int32_t fd_run, fd_runs, fd_cgroup_parent; // for the clean-up after a broken lifeline
    int32_t fd_growth;                         // eventfd or FIFO, never waited for: raised when there is news
    int32_t fd_stdin;                          // writing end of the program's stdin, kept open for whoever comes to write
    int32_t fd_layer, fd_image;                // kept open: what the run changes of its image, and what it was
    int32_t fd_stdin_buffer;                   // kept open: its position says how much stdin has taken
    uint32_t text_run;                         // the run's id: its name in fd_runs and fd_cgroup_parent
    int32_t stop_signal, suspend_signal;
    uint32_t cpus;                             // CPUs the run may use; bounds how fast CPU time can pass
    uint64_t wall_ns, cpu_ns, stop_grace_ns, suspend_grace_ns;
    uint64_t output_bytes, processes;
    uint64_t stdout_cap, stderr_cap;           // most bytes of one stream, or JRUN_UNCAPPED
};

struct jrun_plan_header {
    uint64_t magic;
    uint32_t version, total_bytes;
    uint32_t step_count, program_step;
    uint32_t data_offset, data_bytes;
    struct jrun_supervision supervision;
};

// What a process that holds is told: a jrun_request, then u64 offsets of texts (arguments, 0, environment, 0), then the
// texts. Offsets count from the beginning, and the last byte is NUL. The arguments of the plan's execute step stand for these.
struct jrun_request {
    uint64_t magic;
    uint32_t total_bytes, argument_count, environment_count, reserved;
};
#define JRUN_REQUEST_MAGIC 0x747365757165726aULL /* "jrequest" */
#define JRUN_REQUEST_MAX_BYTES JRUN_PLAN_MAX_BYTES

// What went wrong in which step; `step` counts from 0. Written whole or not at all (it is shorter than PIPE_BUF).
struct jrun_failure {
    uint32_t magic, step;
    int32_t error;
    uint32_t detail;
};
#define JRUN_FAILURE_MAGIC 0x6c696166 /* "fail" */
#define JRUN_HOLD_MAGIC 0x646c6f68    /* "hold": nothing went wrong, the step waits for the request */
#define JRUN_STEP_LAUNCH 0xfffffff0U    // before the plan: placing descriptors
#define JRUN_STEP_EXEC_INIT 0xfffffff1U // executing jrun-init
#define JRUN_STEP_READ_PLAN 0xfffffff2U // reading and verifying the plan
#define JRUN_STEP_NETWORK 0xfffffff3U   // entering a network namespace that was made before

// Bytes on the control pipe.
#define JRUN_CONTROL_TERMINATE 0x54 /* T */
#define JRUN_CONTROL_KILL 0x4b /* K */
#define JRUN_CONTROL_FREEZE 0x46 /* F */
#define JRUN_CONTROL_SUSPEND 0x53 /* S */
#define JRUN_CONTROL_THAW 0x52 /* R */
#define JRUN_CONTROL_INPUT 0x49 /* I: more came for stdin than its cap allows */
#define JRUN_CONTROL_CLOSE 0x43 /* C: stdin ends when the writers that are left have gone */
#define JRUN_CONTROL_RELEASE 0x51 /* Q: what the run left has been taken */

// jrun_status.state and .cause
#define JRUN_STATUS_STARTING 1
#define JRUN_STATUS_RUNNING 2
#define JRUN_STATUS_SUSPENDED 3
#define JRUN_STATUS_ENDED 4
#define JRUN_STATUS_PARKED 5 // the program's process holds, or is on its way there

#define JRUN_CAUSE_NONE 0
#define JRUN_CAUSE_EXIT 1
#define JRUN_CAUSE_SIGNAL 2
#define JRUN_CAUSE_LAUNCH 3
#define JRUN_CAUSE_WALL 4
#define JRUN_CAUSE_CPU 5
#define JRUN_CAUSE_MEMORY 6
#define JRUN_CAUSE_PROCESSES 7
#define JRUN_CAUSE_OUTPUT 8
#define JRUN_CAUSE_DISK 9
#define JRUN_CAUSE_SECCOMP 10
#define JRUN_CAUSE_TERMINATE 11
#define JRUN_CAUSE_KILL 12
#define JRUN_CAUSE_LOST 13
#define JRUN_CAUSE_SPOOL 14 // the spool could not be written; `error` says why
#define JRUN_CAUSE_STDIN_CAP 15
#define JRUN_CAUSE_STDOUT_CAP 16
#define JRUN_CAUSE_STDERR_CAP 17

#define JRUN_STATUS_MAGIC 0x7375746174736a72ULL
#define JRUN_STATUS_SLOTS 2

// The crash-safe record: two slots of 512 bytes, written alternately; the valid one with the higher sequence counts.
// A torn write leaves a checksum that does not match, and the other slot intact. *_at are CLOCK_MONOTONIC nanoseconds
// except *_realtime. `checksum` is FNV-1a of the 504 bytes before it.
struct jrun_status {
    uint64_t magic, sequence;
    uint32_t state, cause;
    int32_t program_pid, wait_status, error, failed_step;
    uint64_t entered_at, view_at, exec_at, ended_at;
    uint64_t started_realtime, ended_realtime;
    uint64_t suspended_ns, wall_ns;
    uint64_t cpu_ns, cpu_user_ns, cpu_system_ns; // cpu_ns from cgroup cpu.stat, the others from reaped children
    uint64_t max_rss_bytes;                      // largest single process
    uint64_t read_bytes, written_bytes;          // read(2) and write(2) alike, of reaped processes
    uint64_t stdout_bytes, stderr_bytes;
    uint64_t peak_tasks;
    int32_t seccomp_syscall;
    uint32_t seccomp_arch;
    uint64_t seccomp_args[6];
    // memory.stat when anon and file together were the most that was seen; file holds shmem
    uint64_t memory_anon_bytes, memory_file_bytes, memory_shmem_bytes;
    uint64_t stdout_dropped_bytes, stderr_dropped_bytes; // beyond the caps; not in stdout_bytes and stderr_bytes
    // jrun-init itself, for a launcher that comes later: pid and start time (clock ticks after boot) as the launcher's
    // /proc says them, and the numbers of its descriptors. 0 and -1 under a lifeline.
    int32_t init_pid, work_fd, stdin_fd, stdin_buffer_fd;
    uint64_t init_start;
    uint64_t oom_kills; // memory.events: processes that the OOM killer ended
    // like work_fd: the layer of changes to the image, and the image as it was; 0 or -1 when there is none
    int32_t layer_fd, image_fd;
    uint64_t reserved[24];
    uint64_t checksum;
};
