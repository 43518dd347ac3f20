-- Runs a further process in a container, and ends when that runs its program. conmon is its parent from then on.
local ffi = require 'ffi'
local linux = require 'linux'
local cgroups = require 'cgroups'
local lxc = require 'lxc'
local orders = require 'orders'
local program = require 'program'
local terminal = require 'terminal'
local C = linux.C

-- lxc/attach_options.h
local DROP_CAPABILITIES, SET_PERSONALITY, NO_NEW_PRIVS, SETGROUPS = 0x2, 0x4, 0x40000, 0x200000
local ALL_NAMESPACES, DETECT_PERSONALITY, CLEAR_ENV = -1, -1, 1

-- In the container, as the user: becomes the program, or raises why not.
local function become(wanted, ready, slave)
  -- Until it is in its cgroups.
  linux.readSome(ready)
  if slave then
    C.setsid()
    linux.check('ioctl TIOCSCTTY', C.ioctl(0, terminal.TIOCSCTTY, ffi.cast('int', 0)))
  end
  for _, value in ipairs(wanted:all 'rlimit') do
    local number, soft, hard = orders.fields(value)
    local limit = ffi.new('struct rlimit', { tonumber(soft), tonumber(hard) })
    linux.check('setrlimit', C.setrlimit(tonumber(number), limit))
  end
  local directory = wanted:one 'directory'
  linux.check('chdir `' .. directory .. '`', C.chdir(directory))
  local path = program.find(wanted)
  local argv, keptWords = linux.strings(wanted:all 'argument')
  local environment, keptValues = linux.strings(wanted:all 'environment')
  linux.closeOnExec(3)
  C.execve(path, argv, environment)
  linux.fail('exec container process `' .. path .. '`', ffi.errno(), keptWords, keptValues)
end

local function attributes(wanted, slave, kept)
  local groups, size = program.groups(wanted)
  local flags = bit.bor(SET_PERSONALITY, SETGROUPS)
  if wanted:one 'bounded' then flags = bit.bor(flags, DROP_CAPABILITIES) end
  if wanted:one 'no-new-privileges' then flags = bit.bor(flags, NO_NEW_PRIVS) end
  local environment, values = linux.strings(wanted:all 'environment')
  kept.groups, kept.environment, kept.values = groups, environment, values
  return ffi.new('struct lxc_attach_options', {
    attach_flags = flags,
    namespaces = ALL_NAMESPACES,
    personality = DETECT_PERSONALITY,
    uid = wanted:number 'uid',
    gid = wanted:number 'gid',
    env_policy = CLEAR_ENV,
    extra_env_vars = environment,
    stdin_fd = slave or 0,
    stdout_fd = slave or 1,
    stderr_fd = slave or 2,
    log_fd = -9,
    groups = { size, groups },
  })
end

return function(options)
  local wanted = orders.read(options.process)
  local slave
  if options['console-socket'] then
    slave = terminal.open(options['console-socket'], wanted:one 'console-size')
    linux.check('chown', C.fchown(slave, wanted:number 'uid', -1))
  end
  lxc.enterNetworkOf(linux.readFile(wanted:one 'monitor'))
  lxc.leaveHostMounts()
  local log = options.process .. '.log'
  local container = lxc.open(options.id, options.state, log)
  local ready, letGo = linux.pipe()
  local said, say = linux.pipe()
  local kept = {}
  local inContainer = ffi.cast('int (*)(void *)', function()
    local _, failure = pcall(become, wanted, ready, slave)
    pcall(linux.writeAll, say, linux.textOf(failure))
    C._exit(127)
  end)
  local pid = ffi.new('pid_t[1]')
  if container.attach(container, inContainer, nil, attributes(wanted, slave, kept), pid) ~= 0 then error({ text = lxc.reason(log) }, 0) end
  C.close(say)
  cgroups.join(wanted, pid[0])
  linux.writeAll(letGo, '.')
  local failure = linux.readSome(said)
  if failure ~= '' then error({ text = failure }, 0) end
  linux.replaceFile(options['pid-file'], tostring(pid[0]))
end
