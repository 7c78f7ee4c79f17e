#!/bin/bash
# A covering set of option combinations, every pair of values in one row at least, built for warnings (which are errors) and
# size: 3584 bytes without the options that are off by default, 4096 with them. A row that has such options is built both ways.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

# What the names in lower case of options.txt stand for, as DEFS.
expand() {
    case $1 in
    strings=short) echo "'-DUSB_VENDOR_STRING=\"v\"' '-DUSB_PRODUCT_STRING=\"p\"' '-DUSB_INTERFACE_STRING=\"i\"' '-DLANDING_PAGE_URL=\"u\"'" ;;
    strings=empty) echo "'-DUSB_VENDOR_STRING=\"\"' '-DUSB_PRODUCT_STRING=\"\"' '-DUSB_INTERFACE_STRING=\"\"' '-DLANDING_PAGE_URL=\"\"'" ;;
    led=none) echo '-DHAVE_LED=0' ;;
    led=push-pull-low) echo '-DHAVE_LED=1 -DLED_GPIO_PORT=GPIOE -DLED_GPIO_PIN=GPIO7 -DLED_OPEN_DRAIN=0 -DLED_ACTIVE_HIGH=0' ;;
    led=open-drain) echo '-DHAVE_LED=1 -DLED_GPIO_PORT=GPIOD -DLED_GPIO_PIN=GPIO2 -DLED_OPEN_DRAIN=1 -DLED_ACTIVE_HIGH=0' ;;
    button=none) echo '-DHAVE_BUTTON=0' ;;
    button=high) echo '-DHAVE_BUTTON=1 -DBUTTON_GPIO_PORT=GPIOC -DBUTTON_GPIO_PIN=GPIO7 -DBUTTON_ACTIVE_HIGH=1 -DBUTTON_USES_PULL=0' ;;
    button=low-pull) echo '-DHAVE_BUTTON=1 -DBUTTON_GPIO_PORT=GPIOE -DBUTTON_GPIO_PIN=GPIO15 -DBUTTON_ACTIVE_HIGH=0 -DBUTTON_USES_PULL=1' ;;
    pullup=none) echo '-DHAVE_USB_PULLUP_CONTROL=0' ;;
    pullup=high) echo '-DHAVE_USB_PULLUP_CONTROL=1 -DUSB_PULLUP_GPIO_PORT=GPIOD -DUSB_PULLUP_GPIO_PIN=GPIO6 -DUSB_PULLUP_ACTIVE_HIGH=1 -DUSB_PULLUP_OPEN_DRAIN=0' ;;
    pullup=low-push-pull) echo '-DHAVE_USB_PULLUP_CONTROL=1 -DUSB_PULLUP_GPIO_PORT=GPIOB -DUSB_PULLUP_GPIO_PIN=GPIO8 -DUSB_PULLUP_ACTIVE_HIGH=0 -DUSB_PULLUP_OPEN_DRAIN=0' ;;
    [A-Z]*) echo "-D$1" ;;
    *)
        echo "options.txt: what is $1?" >&2
        exit 1
        ;;
    esac
}

# configurations N: lines "TARGET DEFS", each once, every Nth of them.
configurations() {
    local row pair target defs plain_defs
    while read -r row; do
        target='' defs='' plain_defs=''
        for pair in $row; do
            case $pair in
            VARIANT=low) ;;
            BOARD=* | VARIANT=*) target+=${pair#*=} ;;
            HAVE_DOUBLE_TAP=* | APP_WATCHDOG_MS=* | PROTECT_BOOTLOADER=*) defs+=" $(expand "$pair")" ;;
            *)
                plain_defs+=" $(expand "$pair")"
                defs+=" $(expand "$pair")"
                ;;
            esac
        done
        printf '%s%s\n%s%s\n' "$target" "$defs" "$target" "$plain_defs"
    done | sort -u | awk -v every="$1" 'NR % every == 0'
}

rows=$(awk -f "$root/tests/build/pairwise.awk" "$root/tests/build/options.txt") || exit 1
it 'the set is the same each time' test "$rows" = "$(awk -f "$root/tests/build/pairwise.awk" "$root/tests/build/options.txt")"
configurations $((${DEEP:+1} + 0 ? 1 : 6)) < <(grep -v '^#' <<< "$rows") > "$work/configurations"

# The options that occur, with their values.
options() { grep -oE -e "-D[A-Z_]+=[^ ']+" | sort -u; }
it 'each value of each option is in it' diff <(configurations 1 < <(grep -v '^#' <<< "$rows") | options) <(options < "$work/configurations")

# One build: "ok FLASH LIMIT" or what went wrong, in a file of its own.
build_one() {
    local number=$1 target defs limit
    target=$(sed -n "${number}{s/ .*//;p}" "$2/configurations")
    defs=$(sed -n "${number}{s/^[^ ]* *//;p}" "$2/configurations")
    # docs/options.md: 3.5 KiB with any option, 4 KiB with those that are off by default
    case " $defs " in
    *HAVE_DOUBLE_TAP=1* | *APP_WATCHDOG_MS=[1-9]* | *PROTECT_BOOTLOADER=1* | *HAVE_DS20=1*) limit=4096 ;;
    *) limit=3584 ;;
    esac
    make -s -C src TARGET="$target" DEFS="$defs" FLASH_LIMIT=$limit OUT="$2/out$number" > "$2/log$number" 2>&1 || echo "FAILED $target $defs" >> "$2/log$number"
    rm -rf "$2/out$number"
}
export -f build_one
count=$(wc -l < "$work/configurations")
# shellcheck disable=SC2016 # expanded by the inner shell
seq "$count" | xargs -P "$(nproc)" -I '{}' bash -c 'build_one "$0" "$1"' '{}' "$work"

for ((i = 1; i <= count; i++)); do
    cp "$work/log$i" "$said"
    if grep -q '^FAILED' "$said" || ! grep -q ' bytes   RAM ' "$said"; then
        fail "$(sed -n "${i}p" "$work/configurations")"
    else
        pass
    fi
done
largest() {
    cat "$work"/log* | sed -n "s/^\([A-Z0-9_]*\) *flash *\([0-9]*\) of $1 .*/\2/p" | sort -n | tail -n 1
}
echo "covering set: $(sed -n "s,^# ,,p" <<< "$rows"); $count builds${DEEP:-, a sixth of them}; largest $(largest 3584) of 3584 and $(largest 4096) of 4096 bytes"
finish
