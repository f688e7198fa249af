#!/usr/bin/env bash
# Reads and writes every model of a folder of cases, and asks whether the copies are the same models: to our own reader,
# to onnx's checker, and by their results.
#
#   Tests/conformance/roundtrip.sh [CASES]      by default the cases that run.sh made
#
# The copies of ONNX's cases must pass as the originals do, those of another folder all. SWIFTINFER names another program
# than the release build's.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cases=$(cd "${1:-$root/.build/conformance}" && pwd)
lists=()
if [[ $# == 0 ]]; then
  lists=(--baseline "$here/passing.txt" --known-differences "$here/differences.txt")
fi
binary=${SWIFTINFER:-$root/.build/release/swiftinfer}
python=$("$root/Tests/reference/setup.sh" conformance)
work=$(mktemp -d "${TMPDIR:-/tmp}/roundtrip.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/written" "$work/cases"

cd "$root"
SWIFTINFER_TEST_MODELS=$cases SWIFTINFER_TEST_MODELS_OUT=$work/written swift test --filter AllModelsTests
"$python" "$here/roundtrip.py" "$cases" "$work/written" "$work/cases"
"$binary" verify "${lists[@]}" "$work/cases"
