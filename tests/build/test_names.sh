#!/bin/bash
# Files may have any name: blanks, quotes, and what a shell or make would run. Every make command that takes a file takes it, and
# nothing in its name is run.
# shellcheck disable=SC2016 # that is what this is about
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

names=('two  blanks' "one'quote and two\"" '$(touch ran)' '$(shell touch ran)' '`touch ran`;touch ran;&touch ran|#' 'a$b $$ 100%')
# The Makefile's commands, with programs that only say what they were given; src/Makefile's run as they are.
given() {
    : > "$work/given"
    make "$@"
}
play() {
    printf '#!/bin/sh\nprintf "<%%s>" "$@" >> "%s/given"\n' "$work" > "$1"
    chmod +x "$1"
}
was_given() { grep -qxF -e "$1" "$work/given"; }

tools/keys > /dev/null
printf '\x00\x10\x00\x20\x41\x20\x00\x08' > application
head -c 1000 /dev/zero >> application
it 'an image' make
script=$(cat build/firmware/BLUEPILL/bootloader.ld)
mkdir -p own

# What is signed, with which key: the real tools.
for name in "${names[@]}"; do
    cp application "own/$name.bin"
    cp key.pem "own/$name.pem"
    it "make sign APP='$name.bin' KEY='$name.pem'" make sign APP="own/$name.bin" KEY="own/$name.pem" VERSION=3
    it "$name-3.bin" test -s "build/signed/$name-3.bin"
    rm -f "own/$name.pem"
    it "make keys KEY='$name.pem'" make keys KEY="own/$name.pem"
    it "$name.pub.pem" test -s "own/$name.pub.pem"
done
refuses 'a version that would run' "VERSION is a number" make sign APP=application KEY=key.pem VERSION='1;touch ran'
refuses 'a target that would run' 'TARGET must be one name' make sign APP=application KEY=key.pem VERSION=1 TARGET="X';touch ran;'"

# Public keys and linker scripts, from the command line and from the environment, seen from both folders.
it 'with a plain name' make TARGET=BLUEPILL_SIGNED PUBLIC_KEY=key.pub.pem
for name in "${names[@]}"; do
    cp key.pub.pem "own/$name.pub.pem"
    it "make PUBLIC_KEY='$name.pub.pem'" make TARGET=BLUEPILL_SIGNED PUBLIC_KEY="own/$name.pub.pem"
    says_not '  CC ' # the same key is the same configuration
    it 'in the environment, from src' env PUBLIC_KEY="../own/$name.pub.pem" make -C src TARGET=BLUEPILL_SIGNED
    says_not '  CC '
    refuses 'one that is not there' "there is no file $tree/own/none $name" make TARGET=BLUEPILL_SIGNED PUBLIC_KEY="own/none $name"
    printf '%s\n' "$script" > "own/$name.ld"
done
# each is a build of its own, so not all of them
for name in 'two  blanks' '$(shell touch ran)' "one'quote;touch ran;"; do
    printf '%s\n' "$script" > "own/$name.ld"
    it "make LDSCRIPT='$name.ld'" make LDSCRIPT="own/$name.ld"
    it 'again, in the environment' env LDSCRIPT="own/$name.ld" make
    says_not '  CC '
    refuses 'one that is not there' "there is no file $tree/own/none $name" make LDSCRIPT="own/none $name"
done
echo 'PUBLIC_KEY ?= $(firstword own/two  blanks.pub.pem)/../../key.pub.pem' > local.mk
mkdir own/two
it 'a makefile may use what make expands' make TARGET=BLUEPILL_SIGNED
rm local.mk

# The rest only passes names on
play tools/cab
play tools/keys
for name in "${names[@]}"; do
    it "make cab APP='$name.bin'" given cab APP="own/$name.bin"
    it 'passes it on' was_given "<own/$name.bin><build/$name.cab>"
done
# these get the key in the environment
for tool in list release; do printf '#!/bin/sh\nprintf "<%%s>" "$PUBLIC_KEY" > "%s/given"\n' "$work" > tools/$tool; done
for name in "${names[@]}"; do
    it "make list PUBLIC_KEY='$name.pub.pem'" given list PUBLIC_KEY="own/$name.pub.pem"
    it 'passes it on' was_given "<$tree/own/$name.pub.pem>"
    it "make release PUBLIC_KEY='$name.pub.pem'" given release PUBLIC_KEY="own/$name.pub.pem"
    it 'passes it on' was_given "<$tree/own/$name.pub.pem>"
done
it 'options of make cab' given cab APP=application CAB='--name "Two  words; touch ran" --notes $(touch`ran`) --vendor '\''a"b'\'
it 'are words as in a shell, which runs nothing' was_given '<application><build/application.cab><--name><Two  words; touch ran><--notes><$(touch`ran`)><--vendor><a"b>'
it 'make cab alone' given cab
it 'make keys alone' given keys
it 'nothing was run' test ! -e ran -a ! -e src/ran -a ! -e own/ran
finish
