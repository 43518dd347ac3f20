#!/bin/sh
# `npm run test:guest`: set-up, then the guest's tests; or those whose path contains an argument.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
sh "$here/setup.sh" --for-tests
PATH="$repository/node_modules/.bin:$PATH:/usr/sbin:/sbin:$repository/node_modules/.cache/docker/usr/bin"
export PATH
exec node "$repository/test/guest/dist/main.js" "$@"
