#!/bin/sh
# A command as the server's own user, with the server's cookie.
export HOME=/var/lib/ejabberd EJABBERDCTL_CONFIG_PATH=/etc/default/ejabberd
cd "$HOME"
exec setpriv --reuid=ejabberd --regid=ejabberd --init-groups "$@"
