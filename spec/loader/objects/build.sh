#!/bin/sh
# Compiles the objects of this folder (clang 14, libbpf-dev 1.1, linux-libc-dev), without DWARF, which nothing here reads.
set -e
cd "$(dirname "$0")"
CLANG=${CLANG_OLD:-clang-14} STRIP=${STRIP:-llvm-strip-14}
compile() {
	source=$1 object=$2
	shift 2
	$CLANG -O2 -g -mcpu=v3 -target bpf -fdebug-compilation-dir=. -I/usr/include/x86_64-linux-gnu "$@" -c "$source" -o "$object"
	$STRIP -g "$object"
}
for name in maps globals calls extern pins; do compile $name.c $name.o; done
# Relocations of the kinds TYPE_MATCHES and those on 64-bit enums came with clang 15.
CLANG=${CLANG_NEW:-clang-16}
for name in core core_target; do compile $name.c $name.o; done
CLANG=${CLANG_OLD:-clang-14}
for layout in 0 20 24 28 36; do
	compile legacy.c legacy_$layout.o -DLAYOUT=$layout
	compile legacy.c legacy_${layout}_nobtf.o -DLAYOUT=$layout -g0
done
