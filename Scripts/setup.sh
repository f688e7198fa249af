#!/usr/bin/env bash
# Installs what the system lacks to build swiftinfer, or to test it: Debian's packages, by apt-get.
#
#   Scripts/setup.sh [build|test]
#
# Asks for nothing and does nothing if everything is there. Runs as root, or through sudo. On a system without apt-get it
# names what is missing.
set -euo pipefail

fail() {
  echo "setup.sh: $1" >&2
  exit "${2:-1}"
}

level=${1:-build}
case $level in build | test) ;; *) fail "unknown level '$level': use build or test" 2 ;; esac

if ! command -v swift >/dev/null; then
  fail "there is no 'swift' on the PATH: install Swift 6.3 or later from swift.org"
fi
version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if ((major < 6 || (major == 6 && minor < 3))); then
  fail "Swift 6.3 or later is needed, found ${version/ /.}: install it from swift.org"
fi

# What pkg-config calls a library, and the package that has it. OpenBLAS is loaded only by a run that asks for it
# (SWIFTINFER_ISA=openblas); its header is needed by the tests and the benchmarks, which hold our kernels against it.
libraries=(
  libprotobuf-c:libprotobuf-c-dev
  openblas:libopenblas-dev
  libturbojpeg:libturbojpeg0-dev
  libpng:libpng-dev
)

# Fills `missing` with the packages of what is not there.
find_missing() {
  missing=()
  if ! command -v pkg-config >/dev/null; then missing+=(pkg-config); fi
  for library in "${libraries[@]}"; do
    if ! pkg-config --exists "${library%%:*}" 2>/dev/null; then missing+=("${library#*:}"); fi
  done
  if [[ $level == test ]]; then
    if ! command -v objdump >/dev/null; then missing+=(binutils); fi
    # Debian's python3 has venv without ensurepip unless python3-venv is there.
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then missing+=(python3 python3-venv python3-pip); fi
  fi
}

find_missing
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
  fail "no apt-get here; install what Debian calls ${missing[*]}"
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    fail "neither root nor sudo here; as root: apt-get install ${missing[*]}"
  fi
  as_root=(sudo)
fi
echo "setup.sh: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# Lists that cannot be brought up to date may still do.
"${as_root[@]}" apt-get update -qq </dev/null >&2 || echo "setup.sh: apt-get update failed; going on" >&2
if ! "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2; then
  fail "apt-get could not install ${missing[*]}; what it said stands above"
fi
find_missing
if [[ ${#missing[@]} -ne 0 ]]; then
  fail "still not found after the installation: ${missing[*]}; does pkg-config look in the right place?"
fi
