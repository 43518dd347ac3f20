-- System calls. Those that fail raise a failure: a table with `errno` and `text`, which says what was tried and why it failed.
local ffi = require 'ffi'

ffi.cdef [[
typedef int pid_t; typedef unsigned int uid_t; typedef unsigned int gid_t; typedef unsigned int mode_t;
struct pollfd { int fd; short events; short revents; };
struct rlimit { unsigned long soft; unsigned long hard; };
struct ifreq { char name[16]; short flags; char padding[22]; };
struct winsize { unsigned short rows, columns, x, y; };
struct sockaddr_un { unsigned short family; char path[108]; };
struct iovec { void *base; size_t length; };
struct msghdr { void *name; unsigned int namelen; struct iovec *iov; size_t iovlen; void *control; size_t controllen; int flags; };
struct rights { size_t length; int level; int type; int fd; int padding; };

int open(const char *, int, ...); int openat(int, const char *, int, ...); int close(int);
ssize_t read(int, void *, size_t); ssize_t write(int, const void *, size_t); ssize_t pread(int, void *, size_t, long);
int pipe2(int *, int); int dup2(int, int); int poll(struct pollfd *, unsigned long, int); int ioctl(int, unsigned long, ...);
pid_t fork(void); pid_t getpid(void); pid_t getppid(void); pid_t waitpid(pid_t, int *, int); void _exit(int); int kill(pid_t, int); pid_t setsid(void);
int prctl(int, ...); int unshare(int); int setns(int, int); int chdir(const char *); int chroot(const char *); long syscall(long, ...);
int mount(const char *, const char *, const char *, unsigned long, const void *); int umount2(const char *, int);
int mkdir(const char *, mode_t); int mkfifo(const char *, mode_t); int mknod(const char *, mode_t, unsigned long); int symlink(const char *, const char *);
int chown(const char *, uid_t, gid_t); int fchown(int, uid_t, gid_t); int chmod(const char *, mode_t); int rename(const char *, const char *);
int access(const char *, int); int statvfs(const char *, void *); mode_t umask(mode_t);
int setresuid(uid_t, uid_t, uid_t); int setresgid(gid_t, gid_t, gid_t); int setgroups(size_t, const gid_t *); int setrlimit(int, const struct rlimit *);
int execve(const char *, const char *const *, const char *const *); char *strerror(int);
int posix_openpt(int); int grantpt(int); int unlockpt(int); int ptsname_r(int, char *, size_t);
int socket(int, int, int); int connect(int, const void *, unsigned int); ssize_t sendmsg(int, const struct msghdr *, int);
]]

local C = ffi.C
local linux = { C = C }

linux.O_RDONLY, linux.O_WRONLY, linux.O_RDWR, linux.O_CREAT, linux.O_NOCTTY = 0, 1, 2, 64, 256
linux.O_CLOEXEC, linux.O_DIRECTORY, linux.O_PATH = 0x80000, ffi.arch == 'arm64' and 0x4000 or 0x10000, 0x200000
linux.POLLIN, linux.POLLHUP, linux.ENOENT, linux.EACCES, linux.EEXIST, linux.ENOTDIR = 1, 16, 2, 13, 17, 20
linux.CLONE_NEWNS, linux.CLONE_NEWUTS, linux.CLONE_NEWIPC, linux.CLONE_NEWNET = 0x20000, 0x4000000, 0x8000000, 0x40000000
linux.MS_RDONLY, linux.MS_NOSUID, linux.MS_NODEV, linux.MS_NOEXEC, linux.MS_REMOUNT = 1, 2, 4, 8, 32
linux.MS_BIND, linux.MS_REC, linux.MS_PRIVATE, linux.MS_SLAVE, linux.MNT_DETACH = 4096, 16384, 0x40000, 0x80000, 2
linux.SIGKILL, linux.PR_SET_PDEATHSIG = 9, 1

local PIDFD_OPEN, CLOSE_RANGE, CLOSE_RANGE_CLOEXEC = 434, 436, 4

-- Raises what failed, with the words of errno.
function linux.fail(what, errno)
  error({ errno = errno, text = what .. ': ' .. ffi.string(C.strerror(errno)) }, 0)
end

-- The text of anything that was raised.
function linux.textOf(failure)
  return type(failure) == 'table' and failure.text or tostring(failure)
end

-- Passes on what a call answered, unless that is -1.
function linux.check(what, result)
  if result == -1 then linux.fail(what, ffi.errno()) end
  return result
end

function linux.mount(what, source, target, kind, flags, data)
  linux.check('mount ' .. what, C.mount(source, target, kind, flags, data))
end

function linux.open(path, flags, mode)
  return linux.check('open ' .. path, C.open(path, bit.bor(flags, linux.O_CLOEXEC), ffi.cast('int', mode or 0)))
end

function linux.writeAll(fd, text)
  local done = 0
  while done < #text do
    done = done + tonumber(linux.check('write', C.write(fd, ffi.cast('const char *', text) + done, #text - done)))
  end
end

function linux.writeFile(path, text, flags)
  local fd = linux.open(path, bit.bor(linux.O_WRONLY, flags or 0), tonumber('600', 8))
  local fine, failure = pcall(linux.writeAll, fd, text)
  C.close(fd)
  if not fine then
    if type(failure) == 'table' then failure.text = path .. ': ' .. failure.text end
    error(failure, 0)
  end
end

-- Whole at once: who looks sees all of it, or nothing.
function linux.replaceFile(path, text)
  linux.writeFile(path .. '.new', text, linux.O_CREAT)
  linux.check('rename ' .. path, C.rename(path .. '.new', path))
end

local buffer = ffi.new('char[?]', 65536)

-- What can be read at once; '' at the end.
function linux.readSome(fd)
  return ffi.string(buffer, linux.check('read', C.read(fd, buffer, 65536)))
end

function linux.readAt(fd, offset)
  return ffi.string(buffer, linux.check('read', C.pread(fd, buffer, 65536, offset)))
end

function linux.readFile(path)
  local fd = linux.open(path, linux.O_RDONLY)
  local text = {}
  repeat
    text[#text + 1] = linux.readSome(fd)
  until text[#text] == ''
  C.close(fd)
  return table.concat(text)
end

-- Both ends close when another program is run.
function linux.pipe()
  local ends = ffi.new('int[2]')
  linux.check('pipe', C.pipe2(ends, linux.O_CLOEXEC))
  return ends[0], ends[1]
end

function linux.pidfd(pid)
  return tonumber(linux.check('pidfd_open', C.syscall(PIDFD_OPEN, ffi.cast('long', pid), ffi.cast('long', 0))))
end

-- From `first` on, nothing that is open stays so when another program is run.
function linux.closeOnExec(first)
  linux.check('close_range', C.syscall(CLOSE_RANGE, ffi.cast('long', first), ffi.cast('long', 0x7fffffff), ffi.cast('long', CLOSE_RANGE_CLOEXEC)))
end

-- Waits until one of the descriptors can be read or has ended; answers which, as a set.
function linux.wait(...)
  local fds = { ... }
  local polled = ffi.new('struct pollfd[?]', #fds)
  for i, fd in ipairs(fds) do
    polled[i - 1].fd = fd
    polled[i - 1].events = linux.POLLIN
  end
  while C.poll(polled, #fds, -1) == -1 do
    if ffi.errno() ~= 4 then linux.fail('poll', ffi.errno()) end
  end
  local ready = {}
  for i, fd in ipairs(fds) do ready[fd] = polled[i - 1].revents ~= 0 end
  return ready
end

-- Runs `work` in a process of its own, and raises what it raised there.
function linux.apart(work)
  local from, to = linux.pipe()
  local pid = linux.check('fork', C.fork())
  if pid == 0 then
    local fine, failure = pcall(work)
    if not fine then linux.writeAll(to, linux.textOf(failure)) end
    C._exit(fine and 0 or 1)
  end
  C.close(to)
  local said = {}
  repeat
    said[#said + 1] = linux.readSome(from)
  until said[#said] == ''
  C.close(from)
  local status = ffi.new('int[1]')
  linux.check('waitpid', C.waitpid(pid, status, 0))
  if status[0] ~= 0 then error({ text = table.concat(said) }, 0) end
end

-- A null-terminated array of C strings. It is valid while the second result is kept.
function linux.strings(list)
  local kept = {}
  local array = ffi.new('const char *[?]', #list + 1)
  for i, text in ipairs(list) do
    kept[i] = ffi.new('char[?]', #text + 1, text)
    array[i - 1] = kept[i]
  end
  return array, kept
end

return linux
