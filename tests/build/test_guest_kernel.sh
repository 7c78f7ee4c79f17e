#!/bin/bash
# tests/linux/prepare unpacks Debian's kernel however a release packs it. The packages are made here, in the three forms there
# are; dpkg, depmod and modprobe are the real ones, only apt is played.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"
PATH=$PATH:/sbin:/usr/sbin

release=6.66.6-amd64
elf='\x7fELF and so on'

# A bzImage as far as prepare reads it: a boot sector and one sector of setup, then gzip and four bytes more.
bzimage() {
    local payload=$work/payload
    printf %b "$elf" | gzip -n > "$payload"
    printf 'size' >> "$payload"
    head -c 1024 /dev/zero > "$1"
    cat "$payload" >> "$1"
    printf '\x01' | dd of="$1" bs=1 seek=$((0x1f1)) conv=notrunc status=none
    # payload_offset 0, payload_length
    printf %b "\\x$(printf %02x "$(stat -c %s "$payload")")" | dd of="$1" bs=1 seek=$((0x24c)) conv=notrunc status=none
}

# Modules without content: their names are all that depmod and modprobe need of them. One for each kind of device that the
# guest knows; modules.builtin has the rest.
kinds=(cdc-acm usb-storage snd-usb-audio snd-seq-midi usbtmc cdc_ether usblp)
modules_in() {
    local folder=$1/$release
    mkdir -p "$folder/kernel"
    for kind in "${kinds[@]}"; do cp "$work/empty.ko" "$folder/kernel/$kind.ko"; done
    touch "$folder/modules.order"
    tr '\n' ' ' < "$root/tests/linux/prepare" | grep -o 'readonly modules="[^"]*"' | cut -d '"' -f 2 | xargs printf '%s\n' |
        grep -vxF -f <(printf '%s\n' "${kinds[@]}") | sed 's,.*,kernel/&.ko,' > "$folder/modules.builtin"
}
package() {
    mkdir -p "$1/DEBIAN"
    printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: test\n' "$1" > "$1/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$1" "${1}_1_all.deb" > /dev/null
}

echo 'char nothing;' > empty.c
gcc -c empty.c -o "$work/empty.ko"

mkdir programs packages
cat > programs/apt-cache << 'END'
#!/bin/sh
for package; do :; done
case $1 in
depends) sed -n "s/^$package /  Depends: /p" "$ARCHIVE/depends" ;;
show) echo 'Version: 1' ;;
esac
END
cat > programs/apt-get << 'END'
#!/bin/sh
while [ "$1" != download ]; do shift; done
shift
for package; do cp "$ARCHIVE/${package}_1_all.deb" . || exit 100; done
END
chmod +x programs/*

# prepared FOLDER: of the kernel that FOLDER has packages of; into a folder with a space
prepared() {
    ARCHIVE=$tree/$1 BUILD="$tree/build of $1" PATH=$tree/programs:$PATH "$root/tests/linux/prepare"
}
whole() {
    local kernel kind
    kernel=$(readlink -f "build of $1/guest/current")
    for kind in "${kinds[@]}"; do cmp "$work/empty.ko" "$kernel/modules/"1??-"$kind.ko" || return; done
    printf %b "$elf" | cmp - "$kernel/vmlinux" && test -s "$kernel/initramfs"
}

# in lib, as in Debian 12
mkdir lib
(
    cd lib || exit
    mkdir -p linux-image-$release/boot
    bzimage linux-image-$release/boot/vmlinuz-$release
    modules_in linux-image-$release/lib/modules
    package linux-image-$release
    printf '%s\n' "linux-image-amd64 linux-image-$release" "linux-image-$release kmod" "linux-image-$release linux-base" > depends
)
it 'modules in /lib' prepared lib
says_not 'not found'
it 'vmlinux, the modules and an initramfs' whole lib

# in usr/lib
mkdir usr
(
    cd usr || exit
    mkdir -p linux-image-$release/boot
    bzimage linux-image-$release/boot/vmlinuz-$release
    modules_in linux-image-$release/usr/lib/modules
    package linux-image-$release
    cp ../lib/depends .
)
it 'modules in /usr/lib' prepared usr
it 'vmlinux, the modules and an initramfs' whole usr

# spread over several packages
mkdir parts
(
    cd parts || exit
    package linux-image-$release
    mkdir -p linux-binary-$release/usr/lib/modules/$release linux-base-$release/usr/lib/modules/$release
    bzimage linux-binary-$release/usr/lib/modules/$release/vmlinuz
    package linux-binary-$release
    modules_in linux-modules-$release/usr/lib/modules
    mv linux-modules-$release/usr/lib/modules/$release/modules.builtin linux-base-$release/usr/lib/modules/$release
    package linux-base-$release
    package linux-modules-$release
    printf '%s\n' "linux-image-amd64 linux-image-$release" "linux-image-$release linux-base" \
        "linux-image-$release linux-base-$release" "linux-image-$release linux-binary-$release" \
        "linux-image-$release linux-modules-$release" > depends
)
it 'a kernel in parts' prepared parts
it 'vmlinux, the modules and an initramfs' whole parts

# what goes wrong says what it was
cp -r lib broken
printf 'no archive' > broken/linux-image-${release}_1_all.deb
refuses 'a package that cannot be unpacked' 'could not be unpacked, see above' prepared broken
says_not 'is the network up'
cp -r lib away
rm away/*.deb
refuses 'a package that cannot be had' 'could not be downloaded, see above; is the network up' prepared away
it 'nothing is left of it' test -z "$(find 'build of away' 'build of broken' -name 'making*')"
finish
