#!/usr/bin/env bash
# Makes web pages of the DocC catalogues in docs/ and the symbols of the modules they describe; a warning is an error.
#
#   Scripts/docs.sh                 into .build/docs, a folder for each module
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

graphs=.build/symbolgraph
rm -rf "$graphs" .build/docs
mkdir -p "$graphs" .build/docs
# Into a build of its own: the flags would make the usual one be compiled anew.
swift build --scratch-path .build/documented --product swiftinfer \
  -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc "$PWD/$graphs"
for catalogue in docs/*.docc; do
  module=$(basename "$catalogue" .docc)
  mkdir -p "$graphs/$module"
  mv "$graphs/$module".symbols.json "$graphs/$module"/
  docc convert "$catalogue" --additional-symbol-graph-dir "$graphs/$module" --warnings-as-errors \
    --fallback-display-name "$module" --fallback-bundle-identifier "swiftinfer.$module" \
    --output-path ".build/docs/$module"
done
