#!/bin/sh
# Gives Prosody the component secret through its environment and runs it as its own user.
set -eu
COMPONENT_SECRET=$(cat /run/secrets/component)
export COMPONENT_SECRET
exec setpriv --reuid=prosody --regid=prosody --init-groups prosody -F
