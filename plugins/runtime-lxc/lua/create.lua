-- Makes a container whose program waits at the gate, and ends. What conmon then waits for is LXC's monitor of it, which ends as
-- the container's main process does.
local ffi = require 'ffi'
local linux = require 'linux'
local cgroups = require 'cgroups'
local inside = require 'inside'
local lxc = require 'lxc'
local monitor = require 'monitor'
local orders = require 'orders'
local terminal = require 'terminal'
local C = linux.C

local AF_INET, SOCK_DGRAM, SIOCSIFFLAGS, IFF_UP = 2, 2, 0x8914, 1

local function fifo(path)
  linux.check('mkfifo ' .. path, C.mkfifo(path, tonumber('600', 8)))
  return linux.open(path, linux.O_RDWR)
end

-- A network namespace of this process's own, with loopback up (netdevice(7)). The container joins it. Not one of LXC's making:
-- LXC waits for ever for what its child says of the network when that is killed first.
local function makeNetwork()
  linux.check('unshare', C.unshare(linux.CLONE_NEWNET))
  local socket = linux.check('socket', C.socket(AF_INET, SOCK_DGRAM, 0))
  linux.check('ioctl SIOCSIFFLAGS', C.ioctl(socket, SIOCSIFFLAGS, ffi.new('struct ifreq', { 'lo', IFF_UP })))
  C.close(socket)
end

-- Finishes the container that has come to the gate.
local function finish(wanted, places, init, pids)
  if not wanted:one 'own-cgroups' then cgroups.join(wanted, init) end
  for _, pid in ipairs(pids) do cgroups.returnTo(places, pid) end
  inside.finish(wanted, init)
end

return function(options)
  -- With conmon gone nobody waits for what is made here.
  linux.check('prctl', C.prctl(linux.PR_SET_PDEATHSIG, linux.SIGKILL))
  local bundle = options.bundle
  local wanted = orders.read(bundle .. '/orders')
  cgroups.make(wanted)
  local told, start = fifo(bundle .. '/told'), fifo(bundle .. '/start')
  local places = cgroups.current(wanted)
  local slave, slavePath
  if options['console-socket'] then slave, slavePath = terminal.open(options['console-socket'], wanted:one 'console-size') end
  if wanted:one 'private-network' then makeNetwork() end
  local creator = C.getpid()
  local pid = linux.check('fork', C.fork())
  if pid == 0 then
    monitor(options, wanted, { creator = creator, told = told, slave = slave, slavePath = slavePath })
  end
  local process = linux.pidfd(pid)
  local ready = linux.wait(told, process)
  local said = ready[told] and linux.readSome(told) or lxc.reason(bundle .. '/lxc.log')
  local init, gate = said:match '^(%d+) (%d+)\n$'
  if not init then error({ text = said }, 0) end
  local fine, failure = pcall(finish, wanted, places, tonumber(init), { pid, tonumber(gate) })
  if not fine then
    C.kill(tonumber(init), linux.SIGKILL)
    linux.wait(process)
    error(failure, 0)
  end
  linux.replaceFile(options['pid-file'], tostring(pid))
  -- The gate holds from here on without this process.
  linux.writeAll(start, 'c')
end
