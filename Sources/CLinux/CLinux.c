// Header-only for Embedded Swift; this file gives the target something to compile.
#include "CLinux.h"
