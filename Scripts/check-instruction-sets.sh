#!/usr/bin/env bash
# Fails if code of one instruction set can be reached without asking whether the processor has it.
#
#   Scripts/check-instruction-sets.sh BINARY...
#
# The modules of the tuned kernels are compiled with flags that let the compiler use AVX2 or AVX-512 anywhere. Code that the
# linker shares with the rest of the program (a specialization of a generic function, say) could then be theirs, and end an
# older processor's run with SIGILL. So every function of the binary with such instructions must be named by its table.
set -euo pipefail

if [[ $# -eq 0 ]]; then
  echo "check-instruction-sets.sh: name the binaries to check, as .build/release/swiftinfer" >&2
  exit 2
fi
if [[ $(uname -m) != x86_64 ]]; then
  echo "no tuned kernels on $(uname -m)"
  exit 0
fi

for binary in "$@"; do
  objdump -d --no-show-raw-insn "$binary" | awk -v binary="$binary" '
    /^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3); next }
    # AVX mnemonics begin with v, those of the mask registers with k.
    $2 !~ /^(v|k(add|and|mov|not|or|shift|test|unpck|xn?or))/ || $2 ~ /^ver[rw]$/ { next }
    /%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[0-7]/ { wide[name]++; next }
    { narrow[name]++ }
    END {
      for (name in wide) {
        if (name ~ /AVX512/ || name ~ /^(isa)?_mm(256|512)?_/) { kernels++; continue }
        printf "%s: AVX-512 instructions in %s\n", binary, name
        failed = 1
      }
      for (name in narrow) {
        if (name ~ /AVX2|AVX512/ || name ~ /^(isa)?_mm(256|512)?_/) { kernels++; continue }
        printf "%s: AVX instructions in %s\n", binary, name
        failed = 1
      }
      if (!kernels) {
        printf "%s: no tuned kernel found: the check itself is at fault\n", binary
        failed = 1
      }
      if (!failed) printf "%s: %d functions use AVX, all of them in the tables that need it\n", binary, kernels
      exit failed
    }' || failed=1
done
exit "${failed:-0}"
