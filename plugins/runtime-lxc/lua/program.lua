-- Finding the program that is to run, as the user that it is to run as.
local ffi = require 'ffi'
local linux = require 'linux'
local C = linux.C

local X_OK = 1
local DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
local program = {}

local function ids(wanted)
  local all = wanted:all 'group'
  local list = ffi.new('gid_t[?]', #all + 1)
  for i, gid in ipairs(all) do list[i - 1] = tonumber(gid) end
  return list, #all
end

program.groups = ids

function program.becomeUser(wanted)
  local list, size = ids(wanted)
  local uid, gid = wanted:number 'uid', wanted:number 'gid'
  linux.check('setgroups', C.setgroups(size, list))
  linux.check('setresgid', C.setresgid(gid, gid, gid))
  linux.check('setresuid', C.setresuid(uid, uid, uid))
end

local function pathOf(wanted)
  for _, entry in ipairs(wanted:all 'environment') do
    local path = entry:match '^PATH=(.*)'
    if path then return path end
  end
  return DEFAULT_PATH
end

-- Errno of running `path`, or nil.
local function obstacle(path)
  if C.access(path, X_OK) ~= 0 then return ffi.errno() end
  local fd = C.open(path, bit.bor(linux.O_PATH, linux.O_DIRECTORY, linux.O_CLOEXEC))
  if fd >= 0 then C.close(fd) end
  return fd >= 0 and linux.EACCES or nil
end

-- The path of the first argument's program. Raises that there is none, or that it cannot be run, in crun's words.
function program.find(wanted)
  local name = wanted:one 'argument'
  local refused
  local function try(path)
    local errno = obstacle(path)
    if errno == linux.EACCES then refused = true end
    return errno == nil
  end
  if name:find('/', 1, true) then
    if try(name) then return name end
  elseif name ~= '' then
    for directory in (pathOf(wanted) .. ':'):gmatch '([^:]*):' do
      local path = (directory == '' and '.' or directory) .. '/' .. name
      if try(path) then return path end
    end
  end
  if refused then error({ text = 'open executable: Permission denied' }, 0) end
  error({ text = 'executable file `' .. name .. '` not found in $PATH: No such file or directory' }, 0)
end

return program
