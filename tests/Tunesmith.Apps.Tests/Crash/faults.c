// Faults on demand, preloaded into the program by the crash and full-disk tests (LD_PRELOAD): every call that changes something
// under FAULT_UNDER is counted, and call number FAULT_AT meets FAULT_KIND:
//   kill   the process is killed before the call
//   torn   half of a write is done, then the process is killed (another call: killed after it)
//   full   this call and all later ones that need room fail with ENOSPC, a write after half of it
// FAULT_LOG names a file that gets one line a call. Without FAULT_AT nothing happens but counting.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { NONE, KILL, TORN, FULL };

static const char *under;
static size_t under_length;
static long fault_at;
static int kind, log_fd = -1;
static atomic_long count;
static atomic_int full;

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("FAULT_AT"), *what = getenv("FAULT_KIND"), *log = getenv("FAULT_LOG");
    under = getenv("FAULT_UNDER");
    if (!under) return;
    under_length = strlen(under);
    fault_at = at ? atol(at) : 0;
    if (what) kind = !strcmp(what, "kill") ? KILL : !strcmp(what, "torn") ? TORN : FULL;
    if (log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int is_under(const char *path) { return under && path && !strncmp(path, under, under_length); }

// What happens to this call: nothing, or one of the kinds.
static int fate(const char *what, const char *path, int needs_room)
{
    if (!is_under(path)) return NONE;
    long now = atomic_fetch_add(&count, 1) + 1;
    if (log_fd >= 0) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%ld %s %s\n", now, what, path);
        syscall(SYS_write, log_fd, line, length);
    }
    if (atomic_load(&full)) return needs_room ? FULL : NONE;
    if (!fault_at || now != fault_at) return NONE;
    if (kind == FULL) {
        atomic_store(&full, 1);
        return needs_room ? FULL : NONE;
    }
    if (kind == KILL) syscall(SYS_kill, getpid(), SIGKILL);
    return kind;
}

static int fate_of(const char *what, int fd, int needs_room)
{
    char link[64], path[PATH_MAX];
    if (!under) return NONE;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NONE;
    path[length] = 0;
    return fate(what, path, needs_room);
}

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static int no_room(void)
{
    errno = ENOSPC;
    return -1;
}

#define NEXT(name, type, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t size)
{
    NEXT(write, ssize_t, int, const void *, size_t);
    int what = fate_of("write", fd, 1);
    if (what == NONE) return real(fd, bytes, size);
    if (size > 1) real(fd, bytes, size / 2);
    if (what == TORN) die();
    return no_room();
}

static ssize_t at_place(ssize_t (*real)(int, const void *, size_t, off_t), int fd, const void *bytes, size_t size, off_t place)
{
    int what = fate_of("pwrite", fd, 1);
    if (what == NONE) return real(fd, bytes, size, place);
    if (size > 1) real(fd, bytes, size / 2, place);
    if (what == TORN) die();
    return no_room();
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t place)
{
    NEXT(pwrite, ssize_t, int, const void *, size_t, off_t);
    return at_place(real, fd, bytes, size, place);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t place)
{
    NEXT(pwrite64, ssize_t, int, const void *, size_t, off_t);
    return at_place(real, fd, bytes, size, place);
}

// Calls that are done or not done; torn means killed just after them.
#define WHOLE(result, what, needs_room, call) \
    int fate_now = what; \
    if (fate_now == FULL && needs_room) return no_room(); \
    result done = call; \
    if (fate_now == TORN) die(); \
    return done

int rename(const char *from, const char *to) { NEXT(rename, int, const char *, const char *); WHOLE(int, fate("rename", to, 0), 0, real(from, to)); }
int unlink(const char *path) { NEXT(unlink, int, const char *); WHOLE(int, fate("unlink", path, 0), 0, real(path)); }
int rmdir(const char *path) { NEXT(rmdir, int, const char *); WHOLE(int, fate("rmdir", path, 0), 0, real(path)); }

// A folder that is there needs no room: EEXIST, however full the disk.
int mkdir(const char *path, mode_t mode)
{
    NEXT(mkdir, int, const char *, mode_t);
    int is_new = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    WHOLE(int, fate(is_new ? "mkdir" : "find", path, is_new), is_new, real(path, mode));
}

int fsync(int fd) { NEXT(fsync, int, int); WHOLE(int, fate_of("fsync", fd, 0), 0, real(fd)); }
int ftruncate(int fd, off_t size) { NEXT(ftruncate, int, int, off_t); WHOLE(int, fate_of("ftruncate", fd, 0), 0, real(fd, size)); }
int ftruncate64(int fd, off_t size) { NEXT(ftruncate64, int, int, off_t); WHOLE(int, fate_of("ftruncate", fd, 0), 0, real(fd, size)); }

static mode_t mode_of(int flags, va_list rest) { return flags & O_CREAT ? (mode_t)va_arg(rest, int) : 0; }

static int open_any(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode)
{
    if (!(flags & O_CREAT)) return real(path, flags, mode);
    WHOLE(int, fate("create", path, 1), 1, real(path, flags, mode));
}

int open(const char *path, int flags, ...)
{
    NEXT(open, int, const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_any(real, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    NEXT(open64, int, const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_any(real, path, flags, mode);
}
