# The browser flasher: static files in build/web, ready to be published under any https address.

WEB := $(BUILD)/web
WEB_MODULES := web/node_modules/.package-lock.json

.PHONY: web test-web
web: $(WEB)/index.html ## the browser flasher: static files in build/web

$(WEB_MODULES): web/package.json web/package-lock.json web/.npmrc
	$(Q)for program in node npm; do command -v $$program > /dev/null || { echo "$$program is missing: make deps FOR=web" >&2; exit 1; }; done
	$(Q)npm --prefix web ci --loglevel=error || { echo "npm could not fetch its packages, see above; is the network up?" >&2; exit 1; }
	$(Q)touch $@

$(WEB)/index.html: $(WEB_MODULES) web/build.mjs web/index.html web/style.css $(wildcard web/*.js) web/icon.svg \
                   web/app.webmanifest $(wildcard web/src/* web/src/*/*)
	$(Q)cd web && node_modules/.bin/tsc -p .
	$(Q)node web/build.mjs $(WEB)

test-web: names-tests-guest-web web blue-pill $(call images_of,STM32L152DISCOVERY) vboard ## the browser flasher: its logic, accessibility, and real WebUSB in Chromium in the Linux guest
	$(Q)tests/web/run
