#!/bin/sh
# `npm test`: set-up, lint, then every test; or those whose path contains an argument.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
cd "$repository"
sh "$here/setup.sh" --for-tests
PATH="$repository/node_modules/.bin:$PATH:/usr/sbin:/sbin:$repository/node_modules/.cache/docker/usr/bin"
export PATH
[ $# -gt 0 ] || { oxlint --quiet && oxfmt --check; }
exec node test/support/dist/run.js "$@"
