# SPDX-License-Identifier: Apache-2.0
"""What schemathesis does not know by itself."""

import schemathesis

# An archive is bytes like others: what is no archive has to be refused too.
schemathesis.serializer.alias("application/x-tar", "application/octet-stream")
