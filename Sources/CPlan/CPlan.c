#include "CPlan.h"
// The wire format has no code; these lines keep its layout from drifting unnoticed between compilers.
_Static_assert(sizeof(struct jrun_step) == 48, "jrun_step is 48 bytes");
_Static_assert(sizeof(struct jrun_request) == 24, "jrun_request is 24 bytes");
_Static_assert(sizeof(struct jrun_failure) == 16, "jrun_failure is 16 bytes");
_Static_assert(sizeof(struct jrun_status) == 512, "jrun_status is 512 bytes");
