#!/bin/bash
# tools/cab: what appstreamcli complains of is refused, except for the one warning that no archive for fwupd can avoid.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

head -c 2000 /dev/zero > blink.bin
it 'an archive' tools/cab blink.bin blink.cab
it 'is there' test -s blink.cab
refuses 'a date that is none' 'appstreamcli did not take it' tools/cab --date yesterday blink.bin wrong.cab
says 'invalid-iso8601-date'
it 'and leaves no archive' test ! -e wrong.cab

# With what other releases of appstreamcli say of the same file.
mkdir programs
cat > programs/appstreamcli << 'END'
#!/bin/sh
cat "$SAID"
exit "$STATUS"
END
# shellcheck disable=SC2016 # the program expands it
printf '#!/bin/sh\ntouch "$2"\n' > programs/fwupdtool
chmod +x programs/*
judged() {
    rm -f judged.cab
    STATUS=$1 SAID=$work/appstream PATH=$tree/programs:$PATH tools/cab blink.bin judged.cab
}
category='W: org.example.blink.firmware:13: all-categories-ignored'
printf '%s\n' 'I: org.example.blink.firmware:19: unknown-tag checksum' "$category" "$category X-Device" '' 'Validation failed: warnings: 2' > "$work/appstream"
it 'a warning of the category that fwupd asks for' judged 3
it 'makes an archive' test -e judged.cab
printf '%s\n' "$category" 'W: org.example.blink.firmware:18: invalid-iso8601-date yesterday' > "$work/appstream"
refuses 'another warning beside it' 'appstreamcli did not take it' judged 3
says 'invalid-iso8601-date'
printf '%s\n' "$category" 'E: ~:~: xml-markup-invalid' > "$work/appstream"
refuses 'an error beside it' 'appstreamcli did not take it' judged 3
printf '%s\n' "$category" 'E: some other form' > "$work/appstream"
refuses 'a complaint in a form of its own' 'appstreamcli did not take it' judged 3
echo 'appstreamcli: not enough memory' > "$work/appstream"
refuses 'a failure without a complaint' 'appstreamcli did not take it' judged 1
finish
