#!/bin/sh
# Compiles mod_isthmus for the ejabberd that is installed here: plugins/ejabberd/build.sh [FOLDER]
#
# The beam files go to FOLDER, by default build/mod_isthmus of the project; it must not be called ejabberd, or Erlang takes it for the server's. Needs Debian's or Ubuntu's package ejabberd, which brings its
# header files and, with erlang-base, the compiler. Another installation: set EJABBERD to the folder that holds its ebin and include, and
# ERLANG_LIB to the folder that holds the libraries p1_xmpp (or xmpp) and p1_xml (or fast_xml).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../build/mod_isthmus}
libraries=${ERLANG_LIB:-/usr/lib/erlang/lib}

newest() { ls -d "$@" 2>/dev/null | sort -V | tail -n 1; }

# ebin and include may stand in folders of the version with and without the package's revision.
ejabberd_ebin=$(newest ${EJABBERD:+"$EJABBERD/ebin"} /usr/lib/*/ejabberd-*/ebin)
ejabberd_include=$(newest ${EJABBERD:+"$EJABBERD/include"} /usr/lib/*/ejabberd-*/include)
xmpp=$(newest "$libraries"/p1_xmpp-* "$libraries"/xmpp-*)
xml=$(newest "$libraries"/p1_xml-* "$libraries"/fast_xml-*)
for found in "$ejabberd_ebin" "$ejabberd_include" "$xmpp" "$xml"; do
  if [ -z "$found" ]; then
    echo "build.sh: ejabberd, or its libraries p1_xmpp and p1_xml, are not installed here: apt-get install ejabberd" >&2
    exit 1
  fi
done

# Header files name the libraries as their authors do; Debian has put p1_ before them.
names=$(mktemp -d)
trap 'rm -rf "$names"' EXIT
ln -s "$xmpp" "$names/xmpp"
ln -s "$xml" "$names/fast_xml"

# Each file is put in place at once: a server may be starting meanwhile.
mkdir -p "$out" "$names/ebin"
ERL_LIBS="$names" erlc +debug_info +deterministic -Werror -I "$ejabberd_include" -pa "$ejabberd_ebin" -o "$names/ebin" "$here"/src/*.erl
mv -f "$names"/ebin/*.beam "$out"
