# What the port of this family is made of.
PORT_CPU := -mcpu=cortex-m3
PORT_SOURCES := $(wildcard port/cortex_m/*.c) \
    $(addprefix port/stm32/,boot_request.c flash_f1.c flash_size.c iwdg.c option_bytes_f1.c pins.c serving.c usb_fsdev.c) \
    $(wildcard port/stm32f103/*.c)
# OpenOCD's configuration, and its driver of the flash
PORT_OOCD := target/stm32f1x.cfg
PORT_OOCD_FLASH := stm32f1x
