# The page with the virtual board, beside the flasher: build/web/try.

# The boards that it offers, in this order; web/try/catalogue.mjs says which examples are for each.
TRY_TARGETS := BLUEPILL BLUEPILL_4K BLUEPILL_HIGH BLUEPILLPLUSSTM32 BLUEPILLPLUSGD32 MAPLEMINI OLIMEXSTM32H103 STLINK \
               BTTSKRMINIE3V2 STM32L152DISCOVERY
# of these, what blink is built for with BOARD=
TRY_BLINKS := BLUEPILLPLUSSTM32 BLUEPILLPLUSGD32 MAPLEMINI OLIMEXSTM32H103 STLINK BTTSKRMINIE3V2

.PHONY: web try-images
web: flasher $(WEB)/try/index.html ## the browser's pages: the flasher, and the virtual board in try/; static files in build/web

# Boards as they are, whatever TARGET and DEFS say.
try-images: examples blue-pill
	$(Q)mkdir -p $(BUILD)
	$(Q)(for target in $(TRY_TARGETS); do \
	    $(MAKE) --no-print-directory -C src TARGET=$$target DEFS= LDSCRIPT= images || exit 1; \
	done; for board in $(TRY_BLINKS); do \
	    $(MAKE) --no-print-directory -C examples blink BOARD=$$board || exit 1; \
	done) > $(BUILD)/try-images.log 2>&1 || { cat $(BUILD)/try-images.log; exit 1; }

# With make -j, never two that write to one folder.
ifneq ($(filter test-web,$(MAKECMDGOALS)),)
try-images: | $(NPM_IMAGES) $(call images_of,STM32L152DISCOVERY)
endif

$(WEB)/try/index.html: $(WEB_MODULES) $(WASM) try-images $(WEB_SOURCES) $(wildcard web/try/* npm/src/*.js)
	$(Q)cd web && node_modules/.bin/tsc -p try
	$(Q)node web/try/build.mjs $(WEB)/try $(BUILD) $(TRY_TARGETS)
