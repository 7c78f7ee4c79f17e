# The browser flasher: static files in build/web, ready to be published under any https address.

WEB := $(BUILD)/web
WEB_MODULES := web/node_modules/.package-lock.json
comma := ,

.PHONY: flasher test-web
flasher: $(WEB)/index.html ## the browser flasher alone, for which Node is enough

# $(call npm_ci,FOLDER): what its lock file names
npm_ci = npm --prefix $1 ci --loglevel=error || { echo "npm could not fetch its packages, see above; is the network up?" >&2; exit 1; }

$(WEB_MODULES): web/package.json web/package-lock.json web/.npmrc
	$(Q)for program in node npm; do command -v $$program > /dev/null || { echo "$$program is missing: make deps FOR=web" >&2; exit 1; }; done
	$(Q)$(call npm_ci,web)
	$(Q)touch $@

WEB_SOURCES := web/service-worker.js web/pages.mjs web/style.css web/index.html web/icon.svg $(wildcard web/src/* web/src/*/*)

$(WEB)/index.html: $(WEB_MODULES) web/build.mjs web/timer.js web/app.webmanifest $(WEB_SOURCES)
	$(Q)cd web && node_modules/.bin/tsc -p .
	$(Q)node web/build.mjs $(WEB)

test-web: names-tests-guest-npm-web web blue-pill $(call images_of,STM32L152DISCOVERY) vboard ## the browser's pages: their logic, accessibility, Chromium and Firefox, and real WebUSB in the Linux guest (PARTS=unit,looks: only these)
	$(Q)tests/web/run $(subst $(comma), ,$(PARTS))
