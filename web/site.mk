# What is published: the flasher, the manuals and the images of all boards, as static files in build/site.

SITE := $(BUILD)/site
# Links from manuals to sources lead below this address, such as https://example.org/dapboot/blob/main. Empty: they are plain text.
SOURCES_URL ?=

.PHONY: site site-alone test-site
site: ## everything to publish: flasher, manuals, images, in build/site (SOURCES_URL=... of the sources; docs/fleet.md)
	$(Q)case $(call quoted,$(call given,SOURCES_URL)) in '' | http://* | https://*) ;; *) \
	    echo 'SOURCES_URL should be an address such as https://example.org/dapboot/blob/main' >&2; exit 2 ;; esac
	$(Q)for program in node npm flock; do command -v $$program > /dev/null || { echo "$$program is missing: make deps FOR=site" >&2; exit 1; }; done
	$(Q)$(MAKE) --no-print-directory -s -C src TARGET=BLUEPILL toolchain
	$(Q)mkdir -p $(BUILD)
	+$(Q)flock $(BUILD)/site.lock $(MAKE) --no-print-directory site-alone

# one make at a time; the folder changes only when all of the new one is there and its links are checked
site-alone: web
	$(Q)rm -rf $(SITE).new
	$(Q)mkdir $(SITE).new
	$(Q)$(WITH_KEY) tools/release $(SITE).new/images > $(BUILD)/site.log 2>&1 || { cat $(BUILD)/site.log >&2; exit 1; }
	$(Q)cp -R $(WEB) $(SITE).new/flash
	$(Q)node web/site/build.mjs $(if $(value SOURCES_URL),--sources-url $(call quoted,$(call given,SOURCES_URL))) $(SITE).new
	$(Q)node web/site/check.mjs $(SITE).new
	$(Q)rm -rf $(SITE)
	$(Q)mv $(SITE).new $(SITE)
	$(Q)echo "  SITE $(SITE): $$(find $(SITE) -name '*.html' | wc -l) pages, $$(du -sk $(SITE) | cut -f 1) KiB"

# its tests run beside those of the flasher
test-programs: web

test-site: names-tests-site-web site ## what make site made: links, anchors, checksums, well-formed and accessible pages
	$(Q)tests/tap tests/site/*.test.mjs
