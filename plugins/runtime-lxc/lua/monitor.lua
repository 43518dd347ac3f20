-- The process that LXC makes the container from, and that ends as the container's main process does.
local ffi = require 'ffi'
local linux = require 'linux'
local cgroups = require 'cgroups'
local lxc = require 'lxc'
local orders = require 'orders'
local terminal = require 'terminal'
local C = linux.C

-- A shell that makes its stdin the controlling terminal, by opening it anew, and becomes the program: LXC gives it none. The
-- shell goes by its own name, on which busybox relies, in a /dev that is the container's own.
local SHELL = 'dev/busybox'
local WITH_TERMINAL = { '/' .. SHELL, 'sh', '-c', 'exec "$@" <>/proc/self/fd/0', 'sh' }

local SIGHUP, SIGKILL = 1, linux.SIGKILL

local function quoted(text) return "'" .. text:gsub("'", [['\'']]) .. "'" end

-- What a container is to see at /sys/fs/cgroup: its own cgroup of each hierarchy.
local function makeView(wanted, directory, flags)
  linux.mount('view', 'tmpfs', directory, 'tmpfs', bit.bor(linux.MS_NOSUID, linux.MS_NODEV, linux.MS_NOEXEC), 'mode=755')
  for _, value in ipairs(wanted:all 'cgroup') do
    local _, mounted, path = orders.fields(value)
    local place = directory .. mounted:match '/[^/]*$'
    linux.check('mkdir ' .. place, C.mkdir(place, tonumber('755', 8)))
    linux.mount(place, mounted .. path, place, nil, linux.MS_BIND)
    linux.mount(place, nil, place, nil, bit.bor(linux.MS_BIND, linux.MS_REMOUNT, flags))
  end
  linux.mount('view', nil, directory, nil, bit.bor(linux.MS_BIND, linux.MS_REMOUNT, flags))
end

-- LXC makes cgroups of its own wherever it sees a hierarchy: here it sees none.
local function hideCgroups(wanted, bundle)
  local view = wanted:one 'cgroup-view'
  if view then
    local flags = bit.bor(linux.MS_NOSUID, linux.MS_NODEV, linux.MS_NOEXEC, view == 'ro' and linux.MS_RDONLY or 0)
    makeView(wanted, bundle .. '/cgroup', flags)
  end
  linux.mount('/sys/fs/cgroup', 'tmpfs', '/sys/fs/cgroup', 'tmpfs', 0, 'size=64k,mode=700')
end

local function exists(directory, name)
  local fd = C.openat(directory, name, bit.bor(linux.O_PATH, linux.O_CLOEXEC))
  if fd >= 0 then C.close(fd) end
  return fd >= 0
end

local function note(directory, name)
  C.close(C.openat(directory, name, bit.bor(linux.O_WRONLY, linux.O_CREAT, linux.O_CLOEXEC), ffi.cast('int', tonumber('600', 8))))
end

-- Exit code of a container that LXC did not start, or not again.
local function codeOfFailure(directory)
  if exists(directory, 'killed') then return 128 + SIGKILL end
  if not exists(directory, 'passed') then return 125 end
  local reason = lxc.reason('/proc/self/fd/' .. C.openat(directory, 'lxc.log', linux.O_CLOEXEC))
  -- One that reboots, LXC would start again, and finds no cgroups to do so: it ends as the kernel ended its first process (reboot(2)).
  if reason:find('Failed to open /sys/fs/cgroup', 1, true) then return 128 + SIGHUP end
  -- Else it was killed between the gate and its program.
  if not reason:find('Failed to exec', 1, true) then return 128 + SIGKILL end
  io.stderr:write(reason, '\n')
  return 126
end

-- LXC says of a process that a signal has killed what wait(2) says of one that is stopped.
local function codeOf(status)
  local number = bit.rshift(status, 8)
  return bit.band(status, 127) == 0 and number or 128 + number
end

local function run(options, wanted, made)
  local bundle = options.bundle
  linux.check('setsid', C.setsid())
  if made.slave then terminal.becomeStdio(made.slave) end
  local events = cgroups.openMemoryEvents(wanted)
  local directory = linux.open(bundle, bit.bor(linux.O_PATH, linux.O_DIRECTORY))
  -- A cgroup namespace begins where the container's process is born. LXC makes one whenever it joins another namespace: from the
  -- top, the host's cgroups look as they do on the host.
  if wanted:one 'own-cgroups' then cgroups.join(wanted, C.getpid()) else cgroups.joinTop(wanted, C.getpid()) end
  lxc.leaveHostNetwork()
  lxc.leaveHostMounts()
  hideCgroups(wanted, bundle)
  linux.closeOnExec(3)
  local words = wanted:all 'argument'
  local ownTerminal = made.slave and wanted:one 'own-dev'
  if ownTerminal then
    words = { unpack(WITH_TERMINAL) }
    for _, word in ipairs(wanted:all 'argument') do words[#words + 1] = word end
  end
  local container = lxc.open(options.id, options.state, bundle .. '/lxc.log')
  for _, item in ipairs(wanted:all 'item') do lxc.set(container, item:match '^(.-)=(.*)$') end
  if not wanted:one 'network' then lxc.set(container, 'lxc.namespace.share.net', '/proc/' .. made.creator .. '/ns/net') end
  if ownTerminal then
    lxc.set(container, 'lxc.mount.entry', made.slavePath .. ' dev/console none bind,create=file 0 0')
    lxc.set(container, 'lxc.mount.entry', wanted:one 'busybox' .. ' ' .. SHELL .. ' none bind,ro,create=file 0 0')
  end
  local hook = { wanted:one 'luajit', options.main, 'gate', '--bundle', bundle, '--creator', tostring(made.creator) }
  for i, word in ipairs(hook) do hook[i] = quoted(word) end
  lxc.set(container, 'lxc.hook.start-host', table.concat(hook, ' '))
  container.want_daemonize(container, false)
  local argv, kept = linux.strings(words)
  local started = container.start(container, 0, argv)
  if cgroups.hasKilled(events) then note(directory, 'persist/oom') end
  return started and codeOf(container.error_num) or codeOfFailure(directory), kept
end

-- Does not return.
return function(options, wanted, made)
  local fine, code = pcall(run, options, wanted, made)
  if not fine then linux.writeAll(made.told, linux.textOf(code)) end
  C._exit(fine and code or 125)
end
