#!/usr/bin/env bash
# Installs what the system lacks to build swiftinfer, or to test it: Debian's packages, by apt-get.
#
#   Scripts/setup.sh [build|test]
#
# Asks for nothing and does nothing if everything is there. Runs as root, or through sudo. On a system without apt-get it
# names what is missing.
set -euo pipefail

level=${1:-build}
case $level in build | test) ;; *)
  echo "setup.sh: unknown level '$level': use build or test" >&2
  exit 2
  ;;
esac

if ! command -v swift >/dev/null; then
  echo "setup.sh: there is no 'swift' on the PATH: install Swift 6.2 or later from swift.org" >&2
  exit 1
fi

# What pkg-config calls a library, and the package that has it.
libraries=(
  libprotobuf-c:libprotobuf-c-dev
  openblas:libopenblas-dev
  libturbojpeg:libturbojpeg0-dev
  libpng:libpng-dev
)

missing=()
if ! command -v pkg-config >/dev/null; then missing+=(pkg-config); fi
for library in "${libraries[@]}"; do
  if ! pkg-config --exists "${library%%:*}" 2>/dev/null; then missing+=("${library#*:}"); fi
done
if [[ $level == test ]]; then
  # Debian's python3 has venv without ensurepip unless python3-venv is there.
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then missing+=(python3 python3-venv python3-pip); fi
fi
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
  echo "setup.sh: no apt-get here; install these libraries' development files: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then as_root=(sudo); fi
echo "setup.sh: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq </dev/null >&2
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2
