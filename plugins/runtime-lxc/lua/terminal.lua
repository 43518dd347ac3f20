local ffi = require 'ffi'
local linux = require 'linux'
local C = linux.C

local TIOCSWINSZ, AF_UNIX, SOL_SOCKET, SCM_RIGHTS = 0x5414, 1, 1, 1
local terminal = { TIOCSCTTY = 0x540E }

-- Sends a descriptor over the unix socket at `path` (unix(7), SCM_RIGHTS).
local function sendDescriptor(path, fd)
  local address = ffi.new('struct sockaddr_un', { family = AF_UNIX })
  if #path > 107 then linux.fail('connect ' .. path, 36) end
  ffi.copy(address.path, path)
  local socket = linux.check('socket', C.socket(AF_UNIX, 0x80001, 0))
  linux.check('connect ' .. path, C.connect(socket, address, ffi.sizeof(address)))
  local byte = ffi.new('char[1]', '/')
  local part = ffi.new('struct iovec[1]', { { byte, 1 } })
  local rights = ffi.new('struct rights', { 20, SOL_SOCKET, SCM_RIGHTS, fd, 0 })
  local message = ffi.new('struct msghdr', { iov = part, iovlen = 1, control = rights, controllen = ffi.sizeof(rights) })
  linux.check('sendmsg', C.sendmsg(socket, message, 0))
  C.close(socket)
end

-- Makes a terminal, and hands its master to whom conmon names. Answers the slave, open, and its path.
function terminal.open(socket, size)
  local master = linux.check('posix_openpt', C.posix_openpt(bit.bor(linux.O_RDWR, linux.O_NOCTTY, linux.O_CLOEXEC)))
  linux.check('grantpt', C.grantpt(master))
  linux.check('unlockpt', C.unlockpt(master))
  local name = ffi.new('char[64]')
  if C.ptsname_r(master, name, 64) ~= 0 then linux.fail('ptsname', 25) end
  local path = ffi.string(name)
  local slave = linux.open(path, bit.bor(linux.O_RDWR, linux.O_NOCTTY))
  local rows, columns = (size or ''):match '^(%d+) (%d+)$'
  if rows then C.ioctl(slave, TIOCSWINSZ, ffi.new('struct winsize', { tonumber(rows), tonumber(columns), 0, 0 })) end
  sendDescriptor(socket, master)
  C.close(master)
  return slave, path
end

-- Makes an open terminal this process's stdio.
function terminal.becomeStdio(slave)
  for fd = 0, 2 do linux.check('dup2', C.dup2(slave, fd)) end
end

return terminal
