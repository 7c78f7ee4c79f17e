#!/bin/bash
# Values that cannot work stop the build with a sentence. One row for each #error of config_checks.h and of the ports' checks.h, and each assertion on an option,
# which is checked: a check without a row here fails.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

long=$(printf '%0127d' 0)
too_long_url=$(printf '%0253d' 0)
used=$work/used
: > "$used"

# stop TARGET TEXT OPTIONS...: each of the options, by itself, stops the build with the text
stop() {
    local target=$1 text=$2 options
    shift 2
    for options; do
        refuses "$target with $options" "$text" make -s TARGET="$target" DEFS="$options"
    done
    echo "$text" >> "$used"
}
build() {
    it "$1 with $2 builds" make -s TARGET="$1" DEFS="$2"
}

text='DFU_UPLOAD_AVAILABLE, DFU_DOWNLOAD_AVAILABLE and DFU_WILL_DETACH must be 0 or 1.'
stop BLUEPILL "$text" -DDFU_UPLOAD_AVAILABLE=2 -DDFU_DOWNLOAD_AVAILABLE=-1 -DDFU_WILL_DETACH=3
stop BLUEPILL 'USE_HSI and HSE_BYPASS must be 0 or 1.' -DUSE_HSI=8000000 -DHSE_BYPASS=2
text='HSE_MHZ must be 4, 6, 8, 9, 12 or 16: the PLL must make 72 MHz or 48 MHz of it, of which USB gets 48.'
stop BLUEPILL "$text" -DHSE_MHZ=10 -DHSE_MHZ=25 -DHSE_MHZ=8000000
text='HAVE_LED, LED_OPEN_DRAIN and LED_ACTIVE_HIGH must be 0 or 1.'
stop BLUEPILL "$text" -DHAVE_LED=2 -DLED_OPEN_DRAIN=2
stop STLINK "$text" -DLED_ACTIVE_HIGH=2
stop BLUEPILL 'HAVE_BUTTON, BUTTON_ACTIVE_HIGH and BUTTON_USES_PULL must be 0 or 1.' -DHAVE_BUTTON=2 -DBUTTON_ACTIVE_HIGH=2 -DBUTTON_USES_PULL=2
text='HAVE_USB_PULLUP_CONTROL, USB_PULLUP_ACTIVE_HIGH and USB_PULLUP_OPEN_DRAIN must be 0 or 1.'
stop MAPLEMINI "$text" -DHAVE_USB_PULLUP_CONTROL=2 -DUSB_PULLUP_ACTIVE_HIGH=2 -DUSB_PULLUP_OPEN_DRAIN=2
stop BLUEPILL 'HAVE_DOUBLE_TAP, PROTECT_BOOTLOADER and HAVE_DS20 must be 0 or 1.' -DHAVE_DOUBLE_TAP=500 -DPROTECT_BOOTLOADER=2 -DHAVE_DS20=2
stop BLUEPILL 'VERIFY_AT_START must be 0 or 1.' -DVERIFY_AT_START=2
stop BLUEPILL 'VERIFY_AT_START needs a TARGET that ends in _SIGNED: there is no signature to verify in the others.' -DVERIFY_AT_START=1
export PUBLIC_KEY=$root/tests/maker.pub.pem
stop BLUEPILL_SIGNED 'RAM_SIZE must be at least 20 KiB for a TARGET that ends in _SIGNED: that much the check may need.' -DRAM_SIZE=10240
unset PUBLIC_KEY

text='FLASH_PAGE_SIZE must be 1024 (up to 128 KiB of flash) or 2048: the STM32F1 has no other page sizes.'
stop BLUEPILL "$text" -DFLASH_PAGE_SIZE=4096 -DFLASH_PAGE_SIZE=512
text='TARGET_DFU_WTRANSFERSIZE must be from 8 bytes to FLASH_PAGE_SIZE: buffers are whole pages.'
stop BLUEPILL "$text" -DTARGET_DFU_WTRANSFERSIZE=2048 -DTARGET_DFU_WTRANSFERSIZE=7
text='FLASH_SIZE_OVERRIDE is in bytes and must be whole pages, at most 0x100000 (1 MiB).'
stop BLUEPILL "$text" -DFLASH_SIZE_OVERRIDE=128 -DFLASH_SIZE_OVERRIDE=0x100400 -DFLASH_SIZE_OVERRIDE=-1024
stop BLUEPILL 'FLASH_SIZE_OVERRIDE is in bytes and must be at least 0x4000 (16 KiB), the smallest STM32F103.' -DFLASH_SIZE_OVERRIDE=0x2000
stop BLUEPILL_HIGH_128 'FLASH_SIZE_OVERRIDE leaves no room for the bootloader: this _HIGH variant is for larger chips.' -DFLASH_SIZE_OVERRIDE=0x10000
text='RAM_SIZE must be whole KiB up to 64 KiB, at least 8 KiB (12 KiB with pages of 2 KiB).'
stop BLUEPILL "$text" -DRAM_SIZE=20 -DRAM_SIZE=20000 -DRAM_SIZE=0x10400
stop BLUEPILLPLUSGD32 "$text" -DRAM_SIZE=0x2000
text='APP_BASE_ADDRESS must be the start of a flash page.'
stop BLUEPILL "$text" -DAPP_BASE_ADDRESS=0x08002200
stop BLUEPILLPLUSGD32 "$text" -DAPP_BASE_ADDRESS=0x08002400
text="APP_BASE_ADDRESS is in the bootloader's own flash: at least 0x08002000 (0x08001000 for _4K)."
stop BLUEPILL "$text" -DAPP_BASE_ADDRESS=0x08001000
stop BLUEPILL_4K "$text" -DAPP_BASE_ADDRESS=0x08000000
stop BLUEPILL "$text" -DAPP_BASE_ADDRESS=0x2000
stop BLUEPILL_HIGH 'In the _HIGH variants the application starts at 0x08000000; APP_BASE_ADDRESS cannot be another.' -DAPP_BASE_ADDRESS=0x08002000
text='APP_BASE_ADDRESS leaves no flash for an application (signed ones need a page behind it, too).'
stop BLUEPILL "$text" -DAPP_BASE_ADDRESS=0x08020000
stop MAPLEMINI "$text" -DAPP_BASE_ADDRESS=0x20000000
export PUBLIC_KEY=$root/tests/maker.pub.pem
stop BLUEPILL_SIGNED "$text" -DAPP_BASE_ADDRESS=0x0801FC00
stop BTTSKRMINIE3V2_SIGNED "$text" '-DFLASH_SIZE_OVERRIDE=0x40000 -DAPP_BASE_ADDRESS=0x0803F800'
unset PUBLIC_KEY
stop BLUEPILL 'CMD_BOOT must be from 1 to 0xFFFF: backup registers have 16 bits and are 0 after power-up.' -DCMD_BOOT=0 -DCMD_BOOT=0x544F4F42
stop BLUEPILL 'REG_BOOT must be BKP1 to BKP10.' -DREG_BOOT=0 -DREG_BOOT=11
stop BLUEPILL '"BKP11" is not defined' -DREG_BOOT=BKP11
stop BLUEPILL 'USB_DFU_ALTN must be from 0 to 7.' -DUSB_DFU_ALTN=8
stop BLUEPILL 'USB_VID must be from 1 to 0xFFFF, USB_PID from 0 to 0xFFFF.' -DUSB_VID=0x12090 -DUSB_VID=0 -DUSB_PID=-1

stop BLUEPILL "The LED's port must be GPIOA to GPIOE and its pin GPIO0 to GPIO15." -DLED_GPIO_PIN=16 -DLED_GPIO_PORT=5
stop BLUEPILL '"GPIOF" is not defined' -DLED_GPIO_PORT=GPIOF
stop BLUEPILL '"GPIO16" is not defined' -DLED_GPIO_PIN=GPIO16
stop STLINK 'The LED cannot be on PA11 or PA12: those are D- and D+ of USB.' -DLED_GPIO_PIN=GPIO12
stop BLUEPILL "The button's port must be GPIOA to GPIOE and its pin GPIO0 to GPIO15." -DBUTTON_GPIO_PIN=16 -DBUTTON_GPIO_PORT=-1
stop BLUEPILL 'The button cannot be on PA11 or PA12: those are D- and D+ of USB.' '-DBUTTON_GPIO_PORT=GPIOA -DBUTTON_GPIO_PIN=GPIO11'
stop MAPLEMINI "The USB pull-up's port must be GPIOA to GPIOE and its pin GPIO0 to GPIO15." -DUSB_PULLUP_GPIO_PIN=16
stop BLUEPILL 'USB_PULLUP_GPIO_PORT and _PIN must say which pin switches the pull-up: PA11 and PA12 are USB itself.' -DHAVE_USB_PULLUP_CONTROL=1
stop MAPLEMINI 'The LED and the USB pull-up cannot be on the same pin: the board would come and go on the bus.' -DUSB_PULLUP_GPIO_PIN=1
stop STLINK 'An open-drain pin cannot light an LED that is on when high: drop LED_OPEN_DRAIN or LED_ACTIVE_HIGH.' -DLED_OPEN_DRAIN=1
stop MAPLEMINI 'An open-drain pin cannot drive a pull-up that is active high: set USB_PULLUP_OPEN_DRAIN to 0.' -DUSB_PULLUP_ACTIVE_HIGH=1
text='BUTTON_SAMPLE_DELAY_CYCLES must be from 0 to 150994943 (2.1 s), one run of the 24-bit SysTick.'
stop BLUEPILL "$text" -DBUTTON_SAMPLE_DELAY_CYCLES=150994944 -DBUTTON_SAMPLE_DELAY_CYCLES=-1
text='APP_WATCHDOG_MS must be from 1 to 26000, the longest the watchdog can wait, or 0 for none.'
stop BLUEPILL "$text" -DAPP_WATCHDOG_MS=26001 -DAPP_WATCHDOG_MS=-1
text="PROTECT_BOOTLOADER is not for _HIGH variants: a power cut while it is set could lock the first 4 KiB."
stop BTTSKRMINIE3V2_HIGH_256 "$text" -DPROTECT_BOOTLOADER=1
stop BLUEPILL_HIGH "$text" -DPROTECT_BOOTLOADER=1

# What an STM32L1 cannot do
stop STM32L1 'FLASH_PAGE_SIZE must be 256: the STM32L1 has no other page sizes.' -DFLASH_PAGE_SIZE=1024
text='FLASH_SIZE_OVERRIDE is in bytes and must be whole sectors of 4 KiB, at most 0x40000 (256 KiB, category 3): chips with two banks are not supported.'
stop STM32L1 "$text" -DFLASH_SIZE_OVERRIDE=0x80000 -DFLASH_SIZE_OVERRIDE=0x8100
stop STM32L1 'FLASH_SIZE_OVERRIDE is in bytes and must be at least 0x8000 (32 KiB), the smallest STM32L151.' -DFLASH_SIZE_OVERRIDE=0x4000
text='RAM_SIZE must be whole KiB from 10 KiB to 32 KiB (category 3): the STM32L100x6 has too little, categories 4 and up are not supported.'
stop STM32L1 "$text" -DRAM_SIZE=8192 -DRAM_SIZE=0xC000
export PUBLIC_KEY=$root/tests/maker.pub.pem
stop STM32L1_SIGNED 'RAM_SIZE must be at least 16 KiB for a TARGET that ends in _SIGNED: that much the check may need.' -DRAM_SIZE=10240
unset PUBLIC_KEY
stop STM32L1 'CMD_BOOT must be from 1 to 0xFFFFFFFF: backup registers have 32 bits and are 0 after power-up.' -DCMD_BOOT=0 -DCMD_BOOT=0x100000000
stop STM32L1 'REG_BOOT must be BKP0 to BKP19.' -DREG_BOOT=20 -DREG_BOOT=-1
text='BUTTON_SAMPLE_DELAY_CYCLES must be from 0 to 570425310 (8 s), one run of the 24-bit SysTick.'
stop STM32L1 "$text" -DBUTTON_SAMPLE_DELAY_CYCLES=570425344 -DBUTTON_SAMPLE_DELAY_CYCLES=-1
stop STM32L1 'PROTECT_BOOTLOADER is not there for the STM32L1: what a power cut leaves of its option bytes is not known.' -DPROTECT_BOOTLOADER=1
stop STM32L1 'HSE_MHZ must be 4, 6, 8, 12, 16 or 24: the PLL must make 96 MHz of it, of which USB gets half.' -DHSE_MHZ=9 -DHSE_MHZ=32

for name in USB_VENDOR_STRING USB_PRODUCT_STRING USB_INTERFACE_STRING; do
    stop BLUEPILL "$name must not be longer than 126 characters." "'-D$name=\"$long\"'"
    stop BLUEPILL "$name must be ASCII." "'-D$name=\"Grün\"'"
done
# as the macro that asserts it has them
printf '%s\n' ' must not be longer than 126 characters.' ' must be ASCII.' >> "$used"
stop BLUEPILL 'LANDING_PAGE_URL must not be longer than 252 characters.' "'-DLANDING_PAGE_URL=\"$too_long_url\"'"
stop BLUEPILL 'LANDING_PAGE_URL must be ASCII: write %20 and the like.' "'-DLANDING_PAGE_URL=\"grün.example/\"'"
text='LANDING_PAGE_URL must not begin with a scheme: https:// is implied.'
stop BLUEPILL "$text" "'-DLANDING_PAGE_URL=\"https://example.org/\"'" "'-DLANDING_PAGE_URL=\"http://example.org/\"'"

# Misspelt, incomplete, not an option
stop BLUEPILL 'DEFS: there is no option HAVE_LEDS; HAVE_LED is probably meant.' -DHAVE_LEDS=1
stop BLUEPILL 'there is no option LED_PIN; LED_GPIO_PIN is probably meant.' -DLED_PIN=GPIO3
stop BLUEPILL 'there is no option USB_PRODUCT; USB_PRODUCT_STRING is probably meant.' -DUSB_PRODUCT=1
stop BLUEPILL 'there is no option USE_HIS; USE_HSI is probably meant.' -DUSE_HIS
stop BLUEPILL 'there is no option have_led; HAVE_LED is probably meant.' -Dhave_led=0
stop BLUEPILL 'there is no option APP_BASE_ADRESS; APP_BASE_ADDRESS is probably meant.' -DAPP_BASE_ADRESS=0x08004000
stop BLUEPILL 'DEFS: BOOTLOADER_SIZE is fixed and cannot be set.' -DBOOTLOADER_SIZE=0x3000
stop BLUEPILL 'DEFS: FLASH_BASE is fixed and cannot be set.' -DFLASH_BASE=0x08001000
stop BLUEPILL 'DEFS: GPIOB is fixed and cannot be set.' -DGPIOB=0
stop BLUEPILL 'DEFS: HAVE_LED=yes is not understood: yes is 1 and no is 0.' -DHAVE_LED=yes
stop BLUEPILL 'DEFS: DFU_UPLOAD_AVAILABLE=off is not understood' -DDFU_UPLOAD_AVAILABLE=off
text="DEFS: the text of USB_VENDOR_STRING has no double quotes. In DEFS, quote it twice: '-DUSB_VENDOR_STRING=\"Example\"'"
stop BLUEPILL "$text" -DUSB_VENDOR_STRING=Example '-DUSB_VENDOR_STRING="Example"'
stop BLUEPILL 'DEFS: the text of LANDING_PAGE_URL has no double quotes.' -DLANDING_PAGE_URL=example.org
stop BLUEPILL "has no left operand" -DHAVE_LED=

# Just inside the limits
build BLUEPILL '-DRAM_SIZE=8192 -DUSB_VID=0xFFFF -DUSB_PID=0 -DREG_BOOT=BKP10 -DCMD_BOOT=0xFFFF -DUSB_DFU_ALTN=7'
build BLUEPILL '-DAPP_BASE_ADDRESS=0x0801FC00 -DBUTTON_SAMPLE_DELAY_CYCLES=150994943 -DTARGET_DFU_WTRANSFERSIZE=8'
PUBLIC_KEY=$root/tests/maker.pub.pem build BLUEPILL_SIGNED -DAPP_BASE_ADDRESS=0x0801F800
build BLUEPILL_HIGH '-DFLASH_SIZE_OVERRIDE=0x10000 -DAPP_BASE_ADDRESS=0x08000000'
build BLUEPILL '-DFLASH_SIZE_OVERRIDE=0x4000 -DAPP_WATCHDOG_MS=26000'
# only the pin: its port keeps the default
build STM32F103 '-DHAVE_LED=1 -DLED_GPIO_PIN=GPIO5 -DHAVE_BUTTON=1 -DBUTTON_GPIO_PIN=GPIO6'
build STLINK "'-DLANDING_PAGE_URL=\"httpbin.example/a%20b?c#d\"' '-DUSB_VENDOR_STRING=\"~!@#%^&*()\"'"

# Every check has its row. What is asserted of the layout of descriptors is no matter of options.
messages() {
    sed -n 's/^#error *"\(.*\)"$/\1/p; s/^    "\(.*\)"$/\1/p' src/config_checks.h src/port/*/checks.h
    tr '\n' ' ' < src/descriptors.c | grep -oE '_Static_assert\([^;]*;' | sed -n 's/.*"\([^"]*\)")[;]*$/\1/p' | grep -v '^wTotalLength$'
}
while read -r message; do
    if grep -qF -e "$message" "$used"; then pass; else : > "$said"; fail "a test for: $message"; fi
done < <(messages | sed 's/^ *//')
it 'the checks were found' test "$(messages | wc -l)" -ge 36
finish
