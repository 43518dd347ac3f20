-- What the driver wants: a file of pairs of a key and a value, each ended by a zero byte. A key may come more than once.
local linux = require 'linux'

local Orders = {}
Orders.__index = Orders

-- All values of a key, in order.
function Orders:all(key)
  return self[1][key] or {}
end

-- The only value of a key, or nil.
function Orders:one(key)
  return self:all(key)[1]
end

-- The only value of a key as a number, or nil.
function Orders:number(key)
  return tonumber(self:one(key))
end

local orders = {}

function orders.read(path)
  local values = {}
  for key, value in linux.readFile(path):gmatch('([^%z]*)%z([^%z]*)%z') do
    values[key] = values[key] or {}
    table.insert(values[key], value)
  end
  return setmetatable({ values }, Orders)
end

-- The fields of a value, which has one on each line.
function orders.fields(value)
  local fields = {}
  for field in (value .. '\n'):gmatch('([^\n]*)\n') do fields[#fields + 1] = field end
  return unpack(fields)
end

return orders
