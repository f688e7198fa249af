#!/usr/bin/env bash
# Makes the Python environment of the reference tools in .peers/ of the repository, with pinned versions.
#
#   Tests/reference/setup.sh [conformance|peers|export]
#
#   conformance  onnx and numpy: the ONNX backend cases            (a few seconds)
#   peers        plus onnxruntime and openvino: make compare       (default)
#   export       plus torch, torchvision, transformers: exports and fixtures
#
# Nothing is installed outside .peers/, nothing of it is part of the product. A second run that finds
# everything in place does nothing. PEERS_HOME names another folder. Prints the folder's python.
set -euo pipefail

level=${1:-peers}
case $level in conformance | peers | export) ;; *)
  echo "setup.sh: unknown level '$level': use conformance, peers or export" >&2
  exit 2
  ;;
esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${PEERS_HOME:-$(cd "$here/../.." && pwd)/.peers}
requirements=$here/requirements
stamp=$home/.installed-$level
wanted=$(cat "$requirements"/*.txt "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1)
export PIP_DISABLE_PIP_VERSION_CHECK=1

if [[ ! -x $home/bin/python || ! -f $stamp || $(<"$stamp") != "$wanted" ]]; then
  if [[ ! -x $home/bin/pip ]]; then
    if ! python3 -m venv "$home" >&2; then
      echo "setup.sh: python3 cannot make virtual environments: installing Debian's python3-venv" >&2
      apt-get install -y -qq python3-venv >&2
      python3 -m venv --clear "$home" >&2
    fi
  fi
  if [[ $level == export ]]; then
    # The release of PyPI for Linux depends on gigabytes of CUDA packages and does not load without them:
    # take a wheel built for CPUs where the package index in use has one.
    "$home/bin/pip" install -q --no-deps 'torch==2.13.0+cpu' >&2 2>/dev/null ||
      "$home/bin/pip" install -q 'torch==2.13.0' >&2
    "$home/bin/pip" install -q --no-deps 'torchvision==0.28.0' >&2
  fi
  "$home/bin/pip" install -q -r "$requirements/$level.txt" >&2
  for done in conformance peers export; do
    echo "$wanted" >"$home/.installed-$done"
    if [[ $done == "$level" ]]; then break; fi
  done
fi
echo "$home/bin/python"
