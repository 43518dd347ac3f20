-- The version 1 hierarchies. Each value of `cgroup` has the controllers as proc(5) names them, the mount point and the path.
local linux = require 'linux'
local orders = require 'orders'
local C = linux.C

local cgroups = {}

local function makeAll(base, path)
  for part in path:gmatch('[^/]+') do
    base = base .. '/' .. part
    if C.mkdir(base, tonumber('755', 8)) == 0 and base:find('/cpuset/', 1, true) then
      -- A new cpuset has no processors, and nobody can be in it until it has.
      for _, file in ipairs { 'cpuset.cpus', 'cpuset.mems' } do
        linux.writeFile(base .. '/' .. file, linux.readFile(base .. '/../' .. file))
      end
    end
  end
end

-- Makes those that are missing, and lays down which devices may be used.
function cgroups.make(wanted)
  for _, value in ipairs(wanted:all 'cgroup') do
    local controllers, mounted, path = orders.fields(value)
    makeAll(mounted, path)
    if controllers == 'devices' then
      for _, rule in ipairs(wanted:all 'device-rule') do
        local file, text = orders.fields(rule)
        linux.writeFile(mounted .. path .. '/' .. file, text)
      end
    end
  end
end

-- Moves a process into all of them.
function cgroups.join(wanted, pid)
  for _, value in ipairs(wanted:all 'cgroup') do
    local _, mounted, path = orders.fields(value)
    linux.writeFile(mounted .. path .. '/cgroup.procs', tostring(pid))
  end
end

-- Moves a process to the top of all of them.
function cgroups.joinTop(wanted, pid)
  for _, value in ipairs(wanted:all 'cgroup') do
    local _, mounted = orders.fields(value)
    linux.writeFile(mounted .. '/cgroup.procs', tostring(pid))
  end
end

-- Where this process is: for each of them, the directory by the controllers.
function cgroups.current(wanted)
  local at = {}
  for controllers, path in linux.readFile('/proc/self/cgroup'):gmatch('%d+:([^:]*):([^\n]*)\n') do at[controllers] = path end
  local places = {}
  for _, value in ipairs(wanted:all 'cgroup') do
    local controllers, mounted = orders.fields(value)
    if at[controllers] then places[#places + 1] = mounted .. at[controllers] end
  end
  return places
end

function cgroups.returnTo(places, pid)
  for _, directory in ipairs(places) do linux.writeFile(directory .. '/cgroup.procs', tostring(pid)) end
end

-- An open file that tells whether the kernel has killed for want of memory, or nil.
function cgroups.openMemoryEvents(wanted)
  for _, value in ipairs(wanted:all 'cgroup') do
    local controllers, mounted, path = orders.fields(value)
    if controllers == 'memory' then return linux.open(mounted .. path .. '/memory.oom_control', linux.O_RDONLY) end
  end
end

function cgroups.hasKilled(events)
  return events ~= nil and tonumber(linux.readAt(events, 0):match 'oom_kill (%d+)' or 0) > 0
end

return cgroups
