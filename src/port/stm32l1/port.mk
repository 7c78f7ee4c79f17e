# What the port of this family is made of.
PORT_CPU := -mcpu=cortex-m3
PORT_SOURCES := $(wildcard port/cortex_m/*.c) \
    $(addprefix port/stm32/,boot_request.c flash_l1.c flash_size.c iwdg.c pins.c serving.c usb_fsdev.c) \
    $(wildcard port/stm32l1/*.c)
# OpenOCD's configuration, and its driver of the flash
PORT_OOCD := target/stm32l1.cfg
PORT_OOCD_FLASH := stm32lx
