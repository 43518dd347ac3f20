#!/bin/sh
# Brings what Shiplog needs: Debian packages, npm packages (a new enough Node among them) and the build.
# Quick and silent when all is there. `--for-tests` adds what only the tests use, and what the guest of test/guest is made of.
# Exit codes: 0 ready, 3 the host lacks something that the message names.
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
cd "$repository"

say() { printf '\033[2m%s\033[0m\n' "$1" >&2; }
[ -t 2 ] || say() { printf '%s\n' "$1" >&2; }
fail() {
  printf 'shiplog: %s\n' "$1" >&2
  exit 3
}

[ "$(uname -s)" = Linux ] || fail "containers need a Linux kernel, and this is $(uname -s); use a Linux machine or virtual machine"
[ "$(id -u)" = 0 ] || fail 'set-up and containers need root; run it as root (sudo -E npm start)'

# package:command it brings, or package:/a/file
needed='crun:crun runc:runc conmon:conmon nftables:nft busybox-static:/bin/busybox procps:ps xz-utils:xz bzip2:bzip2 golang-github-containers-common:/usr/share/containers/seccomp.json'
for_tests=false for_guest=false
if [ "${1:-}" = --for-tests ]; then
  for_tests=true
  # The guest's kernel is for this processor alone; elsewhere its test says so.
  [ "$(uname -m)" != x86_64 ] || for_guest=true
fi
! $for_tests || needed="$needed iproute2:ip containernetworking-plugins:/usr/lib/cni/static iptables:iptables btrfs-progs:mkfs.btrfs util-linux:script strace:strace liblxc-common:/usr/share/lxc/config/common.conf luajit:luajit systemd:/lib/systemd/systemd-journald rsyslog:rsyslogd rsyslog-openssl:/usr/share/doc/rsyslog-openssl openssl:openssl bind9-dnsutils:dig python3:python3 docker-compose:docker-compose skopeo:skopeo golang-go:go golang-golang-x-mod-dev:/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog/tlog.go"
! $for_guest || needed="$needed qemu-system-x86:qemu-system-x86_64 e2fsprogs:mke2fs"
missing=''
for pair in $needed; do
  package=${pair%%:*} brings=${pair#*:}
  case $brings in
    /*) [ -e "$brings" ] || missing="$missing $package" ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$brings" >/dev/null 2>&1 || missing="$missing $package" ;;
  esac
done
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null 2>&1 || fail "these packages are missing and there is no apt-get to install them:$missing"
  say "Installing Debian packages:$missing"
  log=$(mktemp)
  # Services of new packages are not ours to start.
  if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install:$missing; see above, mend it, and run this again"
  fi
  rm -f "$log"
fi

if $for_tests && ! command -v docker >/dev/null 2>&1 && [ ! -x node_modules/.cache/docker/usr/bin/docker ]; then
  say 'Unpacking the docker command from its Debian package (its daemon is not installed)'
  mkdir -p node_modules/.cache/docker
  (
    cd node_modules/.cache/docker
    apt-get update -q >/dev/null && apt-get download -q docker.io >/dev/null && dpkg-deb -x docker.io_*.deb . && rm -f docker.io_*.deb
  ) || fail 'the docker.io package could not be fetched; the tests need the docker command'
fi

if $for_tests && [ ! -x node_modules/.cache/docker-registry/usr/bin/docker-registry ]; then
  say 'Unpacking docker-registry from its Debian package (its service is not installed)'
  mkdir -p node_modules/.cache/docker-registry
  (
    cd node_modules/.cache/docker-registry
    apt-get update -q >/dev/null && apt-get download -q docker-registry >/dev/null && dpkg-deb -x docker-registry_*.deb . && rm -f docker-registry_*.deb
  ) || fail 'the docker-registry package could not be fetched; the tests pull from it'
fi

guest=node_modules/.cache/guest
if $for_guest && [ ! -d $guest/kernel ]; then
  say "Unpacking the guest's kernel from its Debian package (it is not installed)"
  rm -rf $guest/kernel.new
  mkdir -p $guest/kernel.new
  (
    cd $guest/kernel.new
    apt-get update -q >/dev/null
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p' | head -n 1)
    apt-get download -q "$package" >/dev/null && dpkg-deb -x "$package"_*.deb . && rm -f "$package"_*.deb
  ) || fail 'the kernel of linux-image-cloud-amd64 could not be fetched; the guest boots it'
  mv $guest/kernel.new $guest/kernel
fi

if ! cmp -s package-lock.json node_modules/.shiplog-lock; then
  command -v npm >/dev/null 2>&1 || fail 'npm is missing; install Node.js with npm (Debian: apt-get install nodejs npm)'
  say 'Installing npm packages'
  log=$(mktemp)
  # Not npm ci: it refuses a lock file without the packages of other platforms, which not every registry carries.
  if ! npm install --no-save --no-audit --no-fund --loglevel=error >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail 'npm install failed; see above'
  fi
  rm -f "$log"
  cp package-lock.json node_modules/.shiplog-lock
fi
node=node_modules/.bin/node
[ -x "$node" ] || fail "there is no Node >= 24 for this machine ($(uname -m)) in the npm packages; x64 and arm64 are supported"
[ "$("$node" -p 'process.versions.node.split(".")[0]')" -ge 24 ] || fail "node_modules has Node $("$node" --version), and Shiplog needs 24 or newer; delete node_modules and run this again"

# Newer than the last build? A compiler run without changes costs half a second; a find costs ten milliseconds.
if [ ! -e node_modules/.shiplog-built ] || [ -n "$(find core plugins storage-drivers network-drivers test tsconfig.base.json -newer node_modules/.shiplog-built \( -name '*.ts' -o -name 'tsconfig*.json' \) -not -path '*/node_modules/*' -not -path '*/dist/*' -print -quit)" ]; then
  say 'Building'
  PATH="$repository/node_modules/.bin:$PATH" node_modules/.bin/tsc -b >&2 || fail 'the build failed; see above'
  touch node_modules/.shiplog-built
fi
