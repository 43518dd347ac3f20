-- The part of liblxc's interface that is used here (lxc/lxccontainer.h, lxc/attach_options.h of LXC 5).
local ffi = require 'ffi'
local linux = require 'linux'

ffi.cdef [[
struct lxc_container {
  char *name; char *configfile; char *pidfile; void *slock; void *privlock; int numthreads; void *lxc_conf;
  char *error_string; int error_num; bool daemonize; char *config_path;
  void *is_defined, *state, *is_running, *freeze, *unfreeze, *init_pid, *load_config;
  bool (*start)(struct lxc_container *, int, const char *const *);
  void *startl, *stop; bool (*want_daemonize)(struct lxc_container *, bool);
  void *want_close_all_fds, *config_file_name, *wait; bool (*set_config_item)(struct lxc_container *, const char *, const char *);
  void *destroy, *save_config, *create, *createl, *rename, *reboot, *shutdown, *clear_config, *clear_config_item, *get_config_item,
    *get_running_config_item, *get_keys, *get_interfaces, *get_ips, *get_cgroup_item, *set_cgroup_item, *get_config_path, *set_config_path,
    *clone, *console_getfd, *console;
  int (*attach)(struct lxc_container *, int (*)(void *), void *, void *, pid_t *);
};
struct lxc_attach_options {
  int attach_flags; int namespaces; long personality; char *initial_cwd; uid_t uid; gid_t gid; int env_policy;
  const char *const *extra_env_vars; char **extra_keep_env; int stdin_fd, stdout_fd, stderr_fd; int log_fd; char *lsm_label;
  struct { size_t size; gid_t *list; } groups;
};
struct lxc_container *lxc_container_new(const char *, const char *);
]]

local lxc = {}
local library = ffi.load 'liblxc.so.1'

-- A mount namespace of one's own, in which what LXC leaves behind, names of locks, is left to nobody.
function lxc.leaveHostMounts()
  linux.check('unshare', linux.C.unshare(linux.CLONE_NEWNS))
  linux.mount('/', nil, '/', nil, bit.bor(linux.MS_REC, linux.MS_SLAVE))
  linux.C.mkdir('/run/lxc', tonumber('755', 8))
  linux.mount('/run/lxc', 'tmpfs', '/run/lxc', 'tmpfs', 0, 'size=64k,mode=755')
end

-- LXC's monitor listens on an abstract socket, and obeys root. In the host's network namespace it would obey the root of any
-- container that shares that; in one of its own it obeys who enters it.
function lxc.leaveHostNetwork()
  linux.check('unshare', linux.C.unshare(linux.CLONE_NEWNET))
end

function lxc.enterNetworkOf(monitor)
  local fd = linux.open('/proc/' .. monitor .. '/ns/net', linux.O_RDONLY)
  linux.check('setns', linux.C.setns(fd, linux.CLONE_NEWNET))
  linux.C.close(fd)
end

function lxc.set(container, key, value)
  if not container.set_config_item(container, key, value) then error({ text = 'LXC does not take ' .. key .. ' = ' .. value }, 0) end
end

-- Opens a container by its id, with its errors in the file `log`.
function lxc.open(id, state, log)
  local container = library.lxc_container_new(id, state)
  if container == nil then error({ text = 'LXC cannot open the container' }, 0) end
  lxc.set(container, 'lxc.log.file', log)
  lxc.set(container, 'lxc.log.level', 'ERROR')
  return container
end

-- The first error in a log of LXC's, without where in its source it was. What it says of a directory is said as crun would.
function lxc.reason(log)
  local fine, text = pcall(linux.readFile, log)
  local found = fine and text:match 'ERROR[^\n]- %- [^\n]-:%d+ %- ([^\n]*)' or 'LXC gave no reason'
  return (found:gsub('^(.*) %- Could not change directory to "(.*)"$', 'chdir `%2`: %1'))
end

return lxc
