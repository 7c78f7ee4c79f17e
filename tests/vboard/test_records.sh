#!/bin/bash
# What the virtual board writes for other tools: the USB packets as pcap, the waveform as VCD. Both are read back here; the
# packets also with tshark, where that is installed.
set -u

# shellcheck source=tests/vboard/common.sh
. "$(dirname "$0")/common.sh"
cd "$work" || exit

# ---- a PC that enumerates, in virtual time ----

"$vboard" run "$bootloader" --enumerate --max-time 0.5 >said 2>&1 </dev/null
grep -q 'USB: found 1209:db42, interfaces: 1' said && grep -q 'USB: configured' said
result "a device is enumerated and configured" $?
cp said first
"$vboard" run "$bootloader" --enumerate --max-time 0.5 >said 2>&1 </dev/null
cmp -s first said
result "at the same time each time" $?
printf 'wait 0.5\nunplug\nwait 0.1\nplug\nwait 0.5\nquit\n' | "$vboard" run "$bootloader" --enumerate >said 2>&1
holds "and again when it is plugged in again" [ "$(grep -c 'USB: configured' said)" -eq 2 ]
"$vboard" run "$bootloader" --enumerate --usbip 0 >said 2>&1 </dev/null
[ $? -eq 2 ] && grep -q 'one USB cable' said
result "but not beside a real PC" $?
"$vboard" run "$bootloader" --pcap packets --max-time 0.01 >said 2>&1 </dev/null
grep -q -e '--pcap will stay empty' said
result "a recording of nobody's talk is doubted" $?

# USB/IP enumerates without a client; nobody connects.
"$vboard" run "$bootloader" --usbip 0 --pcap packets --vcd wave --max-time 0.4 >said 2>&1 </dev/null
result "a run is recorded" $?

# ---- packets ----

u32() {
    od -An -tu4 -j "$1" -N 4 packets | tr -d ' '
}

holds "the packets are a pcap file of full-speed USB with nanoseconds" [ "$(u32 0) $(u32 20)" = "$((0xA1B23C4D)) 294" ]

# Each packet as a line: time in ns, then its bytes in hexadecimal.
od -An -v -tx1 -j 24 packets | tr -d ' \n' | awk '
    function hex(text,   i, n) {
        n = 0
        for (i = 1; i <= length(text); i++) n = 16 * n + index("0123456789abcdef", substr(text, i, 1)) - 1
        return n
    }
    function u32(at,   t) {
        t = substr($0, at, 8)
        return hex(substr(t, 7, 2) substr(t, 5, 2) substr(t, 3, 2) substr(t, 1, 2))
    }
    {
        for (at = 1; at < length($0); at += 32 + 2 * n) {
            n = u32(at + 16)
            printf "%.0f %s\n", u32(at) * 1e9 + u32(at + 8), substr($0, at + 32, 2 * n)
        }
    }' >lines
awk '{ if ($1 + 0 < last + 0) exit 1; last = $1 }' lines
result "packets are in the order of time" $?
grep -q ' 2d0010$' lines
result "a SETUP to address 0 has its CRC (USB 2.0 8.3.5)" $?
grep -q ' c38006000100000800eb94$' lines
result "GET_DESCRIPTOR goes as DATA0 with its CRC" $?
awk '$2 ~ /^4b1201/ && length($2) == 42 { found = 1 } END { exit !found }' lines
result "the device descriptor comes back" $?
awk '$2 ~ /^a5/ { if (last && ($1 - last < 999900 || $1 - last > 1000100)) bad = 1; last = $1; n++ } END { exit bad || n < 200 }' lines
result "SOFs come every millisecond" $?
if command -v tshark >/dev/null; then
    tshark -r packets -T fields -e usbll.crc5.status -e usbll.crc16.status 2>/dev/null | grep -q '[02]'
    result "Wireshark finds every CRC good" $((! $?))
    tshark -r packets 2>/dev/null | grep -q 'GET DESCRIPTOR Response CONFIGURATION'
    result "Wireshark understands the requests" $?
fi

# ---- waveform ----

# values NAME: "time value" of each change
values() {
    awk -v name="$1" '
        $1 == "$var" && $5 == name { id = $4 }
        /^#/ { time = substr($0, 2) }
        /^[01xz]/ && substr($0, 2) == id { print time, substr($0, 1, 1) }
        /^b/ && $2 == id { print time, substr($1, 2) }' wave
}

awk '/^#/ { time = substr($0, 2) + 0; if (time < last) exit 1; last = time }' wave
result "the waveform goes forward in time" $?
[ "$(tail -n 1 wave)" = "#$(awk '/end:/ { printf "%.0f", $2 * 1e9 }' said)" ] || tail -n 1 wave | grep -q '^#4000'
result "it ends when the run does" $?
values power | head -n 2 | tail -n 1 | grep -q ' 1$'
result "power comes on" $?
values usb_dplus | awk '$2 == 1 { up = $1 } $2 == 0 && up { reset = $1 - up } END { exit !(reset >= 100e6 && reset < 120e6) }'
result "D+ is up for 100 ms before the host resets the bus" $?
# texts NAME: each text of it
texts() {
    awk -v name="$1" '$1 == "$var" && $5 == name { id = $4 } /^s/ && $2 == id { print substr($1, 2) }' wave
}

texts usb | grep -q '^SETUP\\x200.0$' && texts usb | grep -q '^DATA0\\x208:\\x2080\\x2006\\x2000\\x2001\\x20'
result "packets are texts: tokens with address and endpoint, data with its bytes" $?
holds "as many as in the pcap file" [ "$(texts usb | grep -c .)" -eq "$(wc -l <lines)" ]
awk '/^b/ || /^\$var (wire|reg) [^1]/ { exit 1 }' wave
result "there is no number of more bits: sigrok 0.5 ends its import at the first" $?
if command -v sigrok-cli >/dev/null; then
    sigrok-cli -I vcd:downsample=1000 -i wave --show 2>/dev/null | grep -q 'sample count: 4000'
    result "sigrok reads it to its end" $?
fi
[ "$(values usb_packet | grep -c ' 1$')" -eq "$(wc -l <lines)" ]
result "as many packets as in the pcap file" $?
values PA12 | grep -q ' 0$'
result "the bootloader pulls D+ low to be noticed" $?

# The blink example's LED, and flash operations, are in the next run's.
"$vboard" run "$bootloader" --vcd "$work/no/such/folder" --max-time 0.1 >said 2>&1 </dev/null
[ $? -eq 2 ] && grep -q 'cannot be written' said
result "a waveform that cannot be written is named" $?
"$vboard" run "$bootloader" --count 2 --pcap two --usbip 0 --max-time 0.3 >said 2>&1 </dev/null
cmp -s -n 2000 two.1 two.2 && [ -s two.1 ]
result "each of several boards has its own file" $?

finish
