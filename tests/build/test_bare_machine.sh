#!/bin/bash
# On a machine that lacks something, each make command says in one line what is missing and how to get it; and what a full disk
# or a download that failed leaves behind is made again.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

# All programs but compilers and Node.
mkdir bare
ln -s /usr/bin/* bare/ 2> /dev/null
rm -f bare/arm-none-eabi-* bare/gcc* bare/cc bare/x86_64-*gcc* bare/node* bare/npm* bare/clang-format*
on_bare() { PATH=$tree/bare "$@"; }
lines() { grep -vcE '^make|^ *$' "$said"; }
compiler='arm-none-eabi-gcc is missing: apt-get install gcc-arm-none-eabi, or: make deps FOR=firmware'
for command in make 'make -C src' 'make flash' 'make list' 'make release' 'make examples' 'make -C examples blink'; do
    # shellcheck disable=SC2086 # words
    refuses "$command without the ARM compiler" "$compiler" on_bare $command
    it "$command says it once" test "$(grep -cF "$compiler" "$said")" = 1
done
cp -r "$root/vboard" .
refuses 'make vboard without a compiler' 'gcc is missing: apt-get install gcc libc6-dev,' on_bare make vboard
says 'or: make deps FOR=vboard'
printf '#!/bin/sh\nexit 1\n' > bare/gcc
chmod +x bare/gcc
refuses 'make vboard without a library' 'usbredirparser.h is missing: apt-get install libusbredirparser-dev,' on_bare make vboard
cp -r "$root/web" . 2> /dev/null
rm -rf web/node_modules
refuses 'make web without Node' 'node is missing: make deps FOR=web' on_bare make web
refuses 'make site with an address that is none' 'SOURCES_URL should be an address such as' on_bare make site SOURCES_URL=example.org
refuses 'make site without Node' 'node is missing: make deps FOR=site' on_bare make site
printf '#!/bin/sh\n' > bare/node
printf '#!/bin/sh\necho "npm ERR! network" >&2\nexit 1\n' > bare/npm
chmod +x bare/node bare/npm
refuses 'make web without a network' 'npm could not fetch its packages, see above; is the network up?' on_bare make web
says 'npm ERR! network'
refuses 'make site without the ARM compiler' "$compiler" on_bare make site
# Node is there, and nothing that makes the virtual board's page
mkdir -p web/node_modules/.bin
touch web/node_modules/.package-lock.json
printf '#!/bin/sh\nexit 0\n' > web/node_modules/.bin/tsc
chmod +x web/node_modules/.bin/tsc
it 'make flasher takes nothing but Node' on_bare make flasher
cp -r "$root/npm" . 2> /dev/null
rm bare/clang
refuses 'make web without a compiler for WebAssembly' 'clang cannot make WebAssembly here: make deps FOR=npm' \
    on_bare make web

# A library that was cut off by a full disk
mkdir programs
# shellcheck disable=SC2016 # the program expands it
printf '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\n: > "$2"\n' > programs/compiler
# shellcheck disable=SC2016 # the program expands it
printf '#!/bin/sh\nprintf "!<arch>\\n" > "$2"\nexit 1\n' > programs/ar
chmod +x programs/*
cut_off() { PATH=$tree/programs:$PATH make HOST_CC=compiler build/host/libvboard.a; }
refuses 'a library that could not be written' 'Error 1' cut_off
it 'is not there' test ! -e build/host/libvboard.a

# Lint looks at what git lists
lint() { (cd "$tree" && GIT_CEILING_DIRECTORIES=$work tools/lint "$@"); }
refuses 'lint outside of a checkout' 'lint: git lists no files here' lint docs
says_not 'ok '
refuses 'format, too' 'lint: git lists no files here' make format
# each of these by itself, too
for check in check-docs check-layers; do
    outside() { (cd "$tree" && GIT_CEILING_DIRECTORIES=$work "tools/$check"); }
    refuses "tools/$check outside of a checkout" "$check: git lists no files here" outside
    says_not 'Traceback'
done
git init -q .
refuses 'a checkout without files' 'lint: git lists no files here' lint docs
git add Makefile src tools
mkdir others
printf '#!/bin/sh\necho "clang-format version 99.1.0"\n' > others/clang-format
cp others/clang-format others/clang-format-14
chmod +x others/*
with_another() { PATH=$tree/others:$PATH lint "$@"; }
it 'another clang-format does not judge' with_another format
says 'skipped format: layout is judged by clang-format 14; this is clang-format version 99.1.0'
refuses 'nor lay out' 'layout is made by clang-format 14' with_another --format
finish
