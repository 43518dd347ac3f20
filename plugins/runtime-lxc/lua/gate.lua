-- Where a container whose process is complete waits until it is started. LXC runs this before it lets that process run its
-- program (lxc.container.conf(5), lxc.hook.start-host), in the place of its monitor.
local ffi = require 'ffi'
local linux = require 'linux'
local C = linux.C

local function note(directory, name)
  linux.check('open', C.openat(directory, name, bit.bor(linux.O_WRONLY, linux.O_CREAT), ffi.cast('int', tonumber('600', 8))))
end

-- The monitor's mount namespace has all the host's mounts, and would keep them in use for as long as the container lives.
local function letGoOfMounts()
  local mounts, root = {}, nil
  for line in linux.readFile('/proc/self/mountinfo'):gmatch '[^\n]+' do
    local id, parent, target = line:match '^(%d+) (%d+) %S+ %S+ (%S+)'
    if target == '/' then root = id end
    table.insert(mounts, 1, { parent = parent, target = target:gsub('\\(%d%d%d)', function(octal) return string.char(tonumber(octal, 8)) end) })
  end
  for _, mount in ipairs(mounts) do
    if mount.parent == root and mount.target ~= '/' and mount.target ~= '/proc' then C.umount2(mount.target, linux.MNT_DETACH) end
  end
end

return function(options)
  local creator = linux.pidfd(tonumber(options.creator))
  local init = os.getenv 'LXC_PID'
  local process = linux.pidfd(tonumber(init))
  local directory = linux.open(options.bundle, bit.bor(linux.O_PATH, linux.O_DIRECTORY))
  local start = linux.open(options.bundle .. '/start', linux.O_RDWR)
  local told = linux.open(options.bundle .. '/told', linux.O_WRONLY)
  linux.replaceFile(options.bundle .. '/init-pid', init)
  letGoOfMounts()
  linux.writeAll(told, init .. ' ' .. C.getpid() .. '\n')
  local made = false
  while true do
    local ready = linux.wait(start, process, made and process or creator)
    if ready[process] then
      note(directory, 'killed')
      error({ text = 'the process was killed before its start' }, 0)
    end
    local bytes = ready[start] and linux.readSome(start) or ''
    made = made or bytes:find 'c' ~= nil
    if not made then error({ text = 'nobody waits for the container any more' }, 0) end
    if bytes:find 's' then return note(directory, 'passed') end
  end
end
