#!/usr/bin/env bash
# Runs ONNX's backend cases and holds them against the lists in git.
#
#   Tests/conformance/run.sh [OPTION OF swiftinfer verify]...      as --update-baseline or --threads 2
#
# A case of passing.txt must pass; no case may crash, or give a wrong output unless differences.txt says why. The cases
# are made once, into .build/conformance (2,024 of ONNX's suite and nine networks of its kind `light`); CASES names
# another folder, SWIFTINFER another binary than the release build's.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cases=${CASES:-$root/.build/conformance}
binary=${SWIFTINFER:-$root/.build/release/swiftinfer}
made=$cases/README.txt

if [[ ! -x $binary ]]; then
  echo "run.sh: no program at $binary: run 'swift build -c release --product swiftinfer'" >&2
  exit 2
fi
if [[ ! -f $made || $here/generate.py -nt $made || $root/Tests/reference/requirements/conformance.txt -nt $made ]]; then
  python=$("$root/Tests/reference/setup.sh" conformance)
  "$python" "$here/generate.py" "$cases"
fi
exec "$binary" verify --baseline "$here/passing.txt" --known-differences "$here/differences.txt" "$@" "$cases"
