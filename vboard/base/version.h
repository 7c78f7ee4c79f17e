/* What `vboard --version` and the debugger's `monitor version` say. */
#pragma once

#ifndef VBOARD_VERSION
#define VBOARD_VERSION "development"
#endif
