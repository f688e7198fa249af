#!/usr/bin/env bash
# Makes web pages of the DocC catalogues in docs/ and the symbols of the modules they describe; a warning is an error.
#
#   Scripts/docs.sh                 into .build/docs, a folder for each module
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

${SWIFT:-swift} build --product swiftinfer
modules=$PWD/.build/debug
target=$(swift -print-target-info | sed -nE 's/.*"triple": "([^"]+)".*/\1/p' | head -n 1)

# Where the C modules are that ours import.
flags=(-I "$modules/Modules")
for map in "$modules"/C{Intrinsics,Platform}.build/module.modulemap Sources/C{ProtobufC,OpenBLAS,JPEG,PNG}/module.modulemap \
  Sources/CONNX/include/module.modulemap; do
  flags+=(-Xcc "-fmodule-map-file=$map")
done
for flag in -I"$PWD/Sources/CONNX/include" $(pkg-config --cflags-only-I libprotobuf-c openblas libturbojpeg libpng); do
  flags+=(-Xcc "$flag")
done

rm -rf .build/symbols .build/docs
mkdir -p .build/docs
for catalogue in docs/*.docc; do
  module=$(basename "$catalogue" .docc)
  mkdir -p ".build/symbols/$module"
  swift symbolgraph-extract -module-name "$module" -target "$target" "${flags[@]}" -minimum-access-level public \
    -skip-synthesized-members -output-dir ".build/symbols/$module"
  docc convert "$catalogue" --additional-symbol-graph-dir ".build/symbols/$module" --warnings-as-errors \
    --fallback-display-name "$module" --fallback-bundle-identifier "swiftinfer.$module" --output-path ".build/docs/$module"
done
