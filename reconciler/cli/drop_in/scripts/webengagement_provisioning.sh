#!/bin/sh
# Provisions Genesys Web Engagement with gwe-reconciler:
#
#   webengagement_provisioning.sh -host HOST -port PORT [-user USER]
#       [-password PASSWORD] -app APPLICATION [-overwrite]
#
# It runs webengagement_provisioning, which stands on PATH where gwe-reconciler is
# installed; or else GWE_PYTHON names the Python that it is installed in.

script=$0
while [ -h "$script" ]; do
    target=$(readlink -- "$script") || exit 1
    case $target in
    /*) script=$target ;;
    *) script=$(dirname -- "$script")/$target ;;
    esac
done

# Beside it is gwe.toml; two levels above, the installation folder.
GWE_SCRIPT_DIR=$(CDPATH='' cd -- "$(dirname -- "$script")" && pwd -P) || exit 1
export GWE_SCRIPT_DIR

if [ -n "${GWE_PYTHON:-}" ]; then
    # What lies in the current folder is not to be run.
    PYTHONSAFEPATH=1
    export PYTHONSAFEPATH
    exec "$GWE_PYTHON" -m reconciler.cli.drop_in "$@"
fi
if command -v webengagement_provisioning >/dev/null 2>&1; then
    exec webengagement_provisioning "$@"
fi
echo 'error: webengagement_provisioning is not on PATH' >&2
echo '  Install gwe-reconciler, or set GWE_PYTHON to the Python that it is installed in.' >&2
exit 1
