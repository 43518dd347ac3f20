#!/bin/sh
# `npm start`: set-up, then the tour; with arguments, the shiplog command on the default engine, started if need be.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
sh "$here/setup.sh"
PATH="$repository/node_modules/.bin:$PATH"
export PATH
if [ $# -eq 0 ]; then
  exec node "$repository/examples/tour/dist/main.js"
fi
socket=/run/shiplog/docker.sock
if [ -z "${SHIPLOG_HOST:-}" ] && ! shiplog --host "unix://$socket" version --format json >/dev/null 2>&1; then
  mkdir -p /var/lib/shiplog
  setsid shiplogd >>/var/lib/shiplog/shiplogd.log 2>&1 </dev/null &
  tries=0
  until shiplog --host "unix://$socket" version --format json >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ]; then
      printf 'shiplog: the engine did not start; the end of /var/lib/shiplog/shiplogd.log says:\n' >&2
      tail -n 5 /var/lib/shiplog/shiplogd.log >&2
      exit 125
    fi
    sleep 0.1
  done
fi
# npm came here from where it was called: paths, such as what is to be built, are meant from there.
cd "${INIT_CWD:-.}"
exec shiplog "$@"
