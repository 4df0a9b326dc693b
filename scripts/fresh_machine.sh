#!/usr/bin/env bash
# Proves that a bare machine is enough: makes one, and runs `make demo` and `make test` in it, from a clean clone of the
# last commit.
#
#   scripts/fresh_machine.sh [-k] [-t TARGET]... [SYSTEM[+nvcc]]...
#
#   SYSTEM    debian12, debian13, ubuntu24.04; with +nvcc this machine's CUDA toolkit is mounted into it.
#             Default: all three, with nvcc too where this machine has it.
#   -t TARGET a target of the Makefile, may be given several times. Default: demo and test.
#   -k        keep the root afterwards (build/fresh-machine/SYSTEM).
#
# A root holds what debootstrap calls minbase, with git, make and python3. It is made from the archives that this
# machine's apt knows; a system that none of them has is named and left out. apt and pip are set up in it as they
# are here: proxies, certificates, indexes, folders of packages. Needs root, debootstrap, and 15 GB for each system.
# Exit code: 0 when all that could be had passed, 1 otherwise. The logs are in build/fresh-machine.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m[fresh]\033[0m %s\n' "$*"; }
fail() { printf '[fresh] %s\n' "$*" >&2; exit 2; }

arguments=("$@") keep=no targets=() systems=()
while [ $# -gt 0 ]; do
  case $1 in
    -k) keep=yes ;;
    -t) targets+=("${2:?-t TARGET}"); shift ;;
    debian12 | debian13 | ubuntu24.04 | debian12+nvcc | debian13+nvcc | ubuntu24.04+nvcc) systems+=("$1") ;;
    *) fail "unknown: $1; see the first lines of $0" ;;
  esac
  shift
done
[ ${#targets[@]} -gt 0 ] || targets=(demo test)
[ "$(id -u)" = 0 ] || fail "making a root and changing into it needs root"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
# What is mounted from here on is seen by this script alone, and gone with it, however it ends.
if [ "${FASTPASS_OWN_MOUNTS:-}" != "$PPID" ]; then
  FASTPASS_OWN_MOUNTS=$$ exec unshare --fork --mount --propagation private "$0" "${arguments[@]}"
fi

# Where the CUDA toolkit lies, empty without one.
toolkit=
if command -v nvcc >/dev/null; then
  toolkit=$(nvcc --dryrun -E -x cu /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p' | xargs -r readlink -f)
fi
if [ ${#systems[@]} -eq 0 ]; then
  systems=(debian12 debian13 ubuntu24.04)
  [ -z "$toolkit" ] || systems+=(debian12+nvcc debian13+nvcc ubuntu24.04+nvcc)
fi

home=$PWD/build/fresh-machine
mkdir -p "$home"

# ---- what this machine's apt and pip know ------------------------------------------------------
# archives ORIGIN: the addresses of the archives of Debian or Ubuntu in apt's sources.
archives() {
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' | sort -u | sed -n "s/^$1 //p"
}

# can_be_had ADDRESS SUITE: asked with apt's own means, so its proxies count.
can_be_had() {
  local found="$home/Release" answer=0
  rm -f "$found"
  /usr/lib/apt/apt-helper download-file "${1%/}/dists/$2/Release" "$found" >/dev/null 2>&1 || answer=1
  rm -f "$found"
  return $answer
}

# Folders of packages, named by pip's configuration or environment.
pip_folders() {
  { python3 -m pip config list 2>/dev/null || true; env | grep '^PIP_' || true; } |
    grep -oE "(file://)?/[^' ]+" | sed 's|^file://||; s|/simple/*$||' | sort -u |
    while read -r folder; do [ ! -d "$folder" ] || echo "$folder"; done
}

# ---- a root ------------------------------------------------------------------------------------
mount_into() {  # mount_into ROOT PATH OPTIONS...
  mkdir -p "$1$2"
  mount "${@:3}" "$1$2"
}
unmount_below() {
  awk '{ print $2 }' /proc/mounts | grep "^$1/" | sort -r | xargs -r -n1 umount -l
}

copy_settings() {  # copy_settings ROOT: how apt and pip reach their archives
  local root=$1 path
  for path in /etc/resolv.conf /etc/hosts /etc/apt/apt.conf.d /etc/apt/apt.conf /etc/pip.conf /etc/xdg/pip \
    /root/.config/pip /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates; do
    [ -e "$path" ] || continue
    mkdir -p "$root$(dirname "$path")"
    rm -rf "${root:?}$path"
    cp -rL "$path" "$root$path"
  done
}

make_root() {  # make_root ROOT SUITE ADDRESS
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ "$2" != noble ] || keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
  [ -e "$keyring" ] || { echo "no $keyring: install the package $(basename "$keyring" .gpg)"; return 1; }
  local components=main
  [ "$2" != noble ] || components=main,universe
  debootstrap --variant=minbase --include=git,make,python3 --components="$components" --keyring="$keyring" \
    "$2" "$1" "$3"
}

in_root() {  # in_root ROOT COMMAND
  local kept
  kept=$(env | grep -iE '^(pip_|[a-z]+_proxy=|ssl_cert|requests_ca_bundle|curl_ca_bundle|git_ssl)' | cut -d= -f1) || true
  local settings=() name
  for name in $kept; do settings+=("$name=${!name}"); done
  chroot "$1" env -i HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    "${settings[@]}" bash -c "$2"
}

# ---- one system --------------------------------------------------------------------------------
prove() {  # prove SYSTEM: prints what came of it
  local system=$1 root="$home/$1" origin=Debian suite address= candidate target started
  case $system in
    debian12*) suite=bookworm ;;
    debian13*) suite=trixie ;;
    ubuntu24.04*) suite=noble origin=Ubuntu ;;
  esac
  case $system in *+nvcc) [ -n "$toolkit" ] || { say "$system: left out, no nvcc on this machine"; return 0; } ;; esac
  for candidate in $(archives "$origin"); do
    if can_be_had "$candidate" "$suite"; then address=$candidate && break; fi
  done
  [ -n "$address" ] || { say "$system: left out, no archive in apt's sources has $suite of $origin"; return 0; }

  rm -rf --one-file-system "$root"
  say "$system: a minimal root"
  make_root "$root" "$suite" "$address" >"$home/$system-root.log" 2>&1 ||
    { say "$system: left out, debootstrap failed: $(tail -1 "$home/$system-root.log")"; return 0; }
  copy_settings "$root"
  mount_into "$root" /proc -t proc proc
  mount_into "$root" /sys -t sysfs -o ro sys
  mount_into "$root" /dev --rbind /dev
  while read -r folder; do mount_into "$root" "$folder" --bind -o ro "$folder"; done < <(pip_folders)
  case $system in
    *+nvcc)
      mount_into "$root" "$toolkit" --bind -o ro "$toolkit"
      printf '#!/bin/sh\nexec %s/bin/nvcc "$@"\n' "$toolkit" >"$root/usr/local/bin/nvcc"
      chmod +x "$root/usr/local/bin/nvcc"
      ;;
  esac
  git clone -q --no-local --single-branch . "$root/root/fastpass"
  local answer=0
  for target in "${targets[@]}"; do
    started=$SECONDS
    if in_root "$root" "cd /root/fastpass && make $target" >"$home/$system-$target.log" 2>&1; then
      say "$system: make $target passed in $((SECONDS - started)) s"
    else
      say "$system: make $target FAILED after $((SECONDS - started)) s; the end of build/fresh-machine/$system-$target.log:"
      tail -15 "$home/$system-$target.log"
      answer=1
      break
    fi
  done
  unmount_below "$root"
  [ "$keep" = yes ] || rm -rf --one-file-system "$root"
  return $answer
}

answer=0
for system in "${systems[@]}"; do prove "$system" || answer=1; done
exit $answer
