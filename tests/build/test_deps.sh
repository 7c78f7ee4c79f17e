#!/bin/bash
# tools/deps: what it would install on machines that are not this one. apt and dpkg are played: `knows` lists what apt has to
# offer, `has` what is installed, `recommends` what one package recommends.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

mkdir machine programs
cat > programs/dpkg-query << 'END'
#!/bin/sh
for package; do :; done
grep -qx "$package" machine/has && printf installed
END
cat > programs/apt-cache << 'END'
#!/bin/sh
case $1 in
policy) if grep -qx "$2" machine/knows; then printf '%s:\n  Installed: (none)\n  Candidate: 1.0\n' "$2"; fi ;;
depends) sed -n "s/^$2 \(.*\)/  Recommends: \1/p" machine/recommends ;;
esac
END
cat > programs/apt-get << 'END'
#!/bin/sh
case " $* " in
*' update '*) cp machine/archive machine/knows ;;
*' install '*) echo "$*" >> machine/installs ;;
esac
END
printf '#!/bin/sh\necho 0\n' > programs/id
chmod +x programs/*
machine() {
    : > machine/has
    : > machine/knows
    : > machine/recommends
    : > machine/installs
    sed -n 's/^\([a-z0-9][a-z0-9.+-]*\).*/\1/p' packages.txt | sort -u > machine/archive
}
on_it() { PATH=$tree/programs:$PATH tools/deps "$@"; }
installs() { grep -qE "install.* $1( |\$)" machine/installs; }
installs_not() { ! installs "$1"; }

machine
it 'a new machine, whose apt has no lists yet' on_it
says "Fetching apt's package lists."
says 'gcc-arm-none-eabi'
it 'gets the compiler' installs gcc-arm-none-eabi
it 'gets what lint needs' installs cppcheck
it 'not what its compiler does not recommend' installs_not picolibc-arm-none-eabi
it 'each package once' test "$(xargs -n 1 < machine/installs | sort | uniq -d)" = ''

machine
echo 'gcc-arm-none-eabi picolibc-arm-none-eabi' > machine/recommends
it 'a release that has stdint.h in a package of its own' on_it firmware
it 'gets it' installs picolibc-arm-none-eabi
it 'only what the group needs' installs_not gcc

machine
sed -i '/^cppcheck$/d; /^clang$/d' machine/archive
refuses 'packages that apt does not know are named' 'apt knows no package clang cppcheck' on_it
it 'and nothing is installed' test ! -s machine/installs
it 'which is no matter to a group without them' on_it firmware vboard

machine
it 'make demo, on a new machine' env PATH="$tree/programs:$PATH" make deps-demo
it 'gets the guest' installs qemu-system-x86
it 'and not what only tests need' installs_not chromium

machine
cp machine/archive machine/has
it 'a machine that has all' on_it
says 'All packages of packages.txt are installed.'
it 'is left as it is' test ! -s machine/installs
sed -i '/^openocd$/d' machine/has
refuses 'what is missing is listed, with its reason' 'openocd                  writes flash' on_it --check
refuses 'for a group' 'Missing (make deps FOR="probe" installs them)' on_it --check probe
it 'nothing for another' on_it --check firmware
refuses 'a group there is not' "packages.txt has no group 'firmwar'. There are: firmware signing" on_it firmwar
it 'groups, with what they are for' on_it --groups
says 'make vboard'

printf '#!/bin/sh\necho 1000\n' > programs/id
mkdir only
for program in bash awk cut dirname env expand grep printf sed xargs; do ln -s "$(command -v $program)" only; done
without_sudo() { PATH=$tree/programs:$tree/only tools/deps "$@"; }
refuses 'neither root nor sudo' 'only root can install packages and sudo is not there; as root, run: tools/deps probe' without_sudo probe
says 'openocd'
finish
