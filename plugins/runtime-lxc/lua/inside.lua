-- What is done in a container's own namespaces when LXC has set it up and its program has not run yet.
local ffi = require 'ffi'
local linux = require 'linux'
local orders = require 'orders'
local program = require 'program'
local C = linux.C

local function enter(init, name, flag)
  local fd = linux.open('/proc/' .. init .. '/ns/' .. name, linux.O_RDONLY)
  linux.check('setns ' .. name, C.setns(fd, flag))
  C.close(fd)
end

local function isThere(path, flags)
  local fd = C.open(path, bit.bor(linux.O_PATH, linux.O_CLOEXEC, flags or 0))
  if fd >= 0 then C.close(fd) end
  return fd >= 0
end

local function unlessThere(what, result)
  if result == -1 and ffi.errno() ~= linux.EEXIST then linux.fail(what, ffi.errno()) end
end

local function makeParents(path)
  for parent in path:gmatch '()/' do if parent > 1 then C.mkdir(path:sub(1, parent - 1), tonumber('755', 8)) end end
end

local function makeDevice(value)
  local path, kind, major, minor, mode, uid, gid = orders.fields(value)
  -- As makedev(3), for majors of 12 bits.
  local number = tonumber(major) * 256 + minor % 256 + math.floor(minor / 256) * 2 ^ 20
  makeParents(path)
  local result = C.mknod(path, (kind == 'b' and 0x6000 or 0x2000) + tonumber(mode), number)
  unlessThere('mknod ' .. path, result)
  if result == 0 then linux.check('chown ' .. path, C.chown(path, tonumber(uid), tonumber(gid))) end
end

local function hide(path)
  if not isThere(path) then return end
  if isThere(path, linux.O_DIRECTORY) then
    linux.mount('over ' .. path, 'tmpfs', path, 'tmpfs', linux.MS_RDONLY, 'size=0k')
  else
    linux.mount('over ' .. path, '/dev/null', path, nil, linux.MS_BIND)
  end
end

-- Flags that a mount has already (statvfs(3)): a remount without them would take them away.
local function flagsOf(path)
  local status = ffi.new('unsigned long[14]')
  linux.check('statvfs ' .. path, C.statvfs(path, status))
  return bit.band(tonumber(status[9]), bit.bor(linux.MS_NOSUID, linux.MS_NODEV, linux.MS_NOEXEC))
end

local function makeReadOnly(path)
  if not isThere(path) then return end
  linux.mount(path, path, path, nil, bit.bor(linux.MS_BIND, linux.MS_REC))
  local flags = bit.bor(linux.MS_BIND, linux.MS_REMOUNT, linux.MS_RDONLY, flagsOf(path))
  linux.mount(path, nil, path, nil, flags)
end

local inside = {}

-- Raises what crun would say when the program cannot be run.
function inside.finish(wanted, init)
  linux.apart(function()
    enter(init, 'net', linux.CLONE_NEWNET)
    enter(init, 'ipc', linux.CLONE_NEWIPC)
    enter(init, 'uts', linux.CLONE_NEWUTS)
    -- Through the host's /proc, where they can be written.
    for _, value in ipairs(wanted:all 'sysctl') do
      local name, text = orders.fields(value)
      linux.writeFile('/proc/sys/' .. name:gsub('%.', '/'), text)
    end
    enter(init, 'mnt', linux.CLONE_NEWNS)
    C.umask(0)
    for _, value in ipairs(wanted:all 'terminals') do
      local path, data = orders.fields(value)
      C.mkdir(path, tonumber('755', 8))
      linux.mount(path, 'devpts', path, 'devpts', bit.bor(linux.MS_NOSUID, linux.MS_NOEXEC), data)
    end
    for _, value in ipairs(wanted:all 'device') do makeDevice(value) end
    for _, value in ipairs(wanted:all 'link') do
      local path, target = orders.fields(value)
      unlessThere('symlink ' .. path, C.symlink(target, path))
    end
    for _, path in ipairs(wanted:all 'masked') do hide(path) end
    for _, path in ipairs(wanted:all 'read-only') do makeReadOnly(path) end
    program.becomeUser(wanted)
    program.find(wanted)
  end)
end

return inside
