#!/bin/sh
# Compiles count.c. Needs clang and the headers of Linux (linux-libc-dev); count.o is here already, made by clang 14.
set -e
cd "$(dirname "$0")"
${CLANG:-clang} -O2 -g -target bpf -I/usr/include/x86_64-linux-gnu -c count.c -o count.o
${STRIP:-llvm-strip} -g count.o
