#!/bin/sh
# Compiles cls.c. Needs clang and the headers of Linux (linux-libc-dev); cls.o is here already, made by clang 14.
set -e
cd "$(dirname "$0")"
${CLANG:-clang} -O2 -target bpf -I/usr/include/x86_64-linux-gnu -c cls.c -o cls.o
