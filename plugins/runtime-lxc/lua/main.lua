-- A runtime as conmon(8) calls one, with the words of runc(8), over liblxc:
--   luajit main.lua --state DIR [--log FILE] create --bundle DIR --pid-file FILE [--console-socket SOCKET] ID
--   luajit main.lua --state DIR [--log FILE] exec --process FILE --pid-file FILE [--console-socket SOCKET] ID
-- and, from a hook of LXC's: luajit main.lua gate --bundle DIR --creator PID
require('jit').off()
package.path = arg[0]:match '^(.*)/[^/]*$' .. '/?.lua'

local linux = require 'linux'

local TAKES_VALUE = {
  ['--state'] = true, ['--log'] = true, ['--bundle'] = true, ['--pid-file'] = true,
  ['--console-socket'] = true, ['--process'] = true, ['--creator'] = true,
}

local options, words = {}, {}
local i = 1
while arg[i] do
  if TAKES_VALUE[arg[i]] then
    options[arg[i]:sub(3)] = arg[i + 1]
    i = i + 1
  elseif arg[i]:sub(1, 2) ~= '--' then
    words[#words + 1] = arg[i]
  end
  i = i + 1
end
options.main, options.id = arg[0], words[2]

local fine, failure = pcall(function() return require(words[1])(options) end)
if not fine then
  local text = linux.textOf(failure) .. '\n'
  if options.log then pcall(linux.writeFile, options.log, text, linux.O_CREAT) end
  io.stderr:write(text)
  os.exit(1)
end
