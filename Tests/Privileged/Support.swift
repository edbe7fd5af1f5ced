// What the suites that drive built binaries share, for every file of this one.
@_exported import TestSupport
