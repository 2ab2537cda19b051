#!/bin/sh
# Sets up .venv from the one hashed requirements file. Called by `make setup` with the Python to use.
set -eu
python=${1:-}
if [ -z "$python" ]; then
    echo "make setup: no Python 3.11 or newer found; install one (python3.11 .. python3.14)" >&2
    exit 1
fi
here=requirements
venv=.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore UV_NO_PROGRESS=1

# What .venv was made from: where, with which Python, and which files. The same again: nothing to do.
place="$(pwd -P), $("$python" --version 2>&1)"
stamp="$place, $(cat "$here/requirements.txt" "$here/setup.sh" pyproject.toml | cksum)"
if [ -x "$venv/bin/lens" ] && [ "$(cat "$venv/ready" 2>/dev/null || true)" = "$stamp" ]; then
    exit 0
fi
echo "setup: $python ($("$python" --version 2>&1))"
# A folder that was moved, or made with another Python, is made anew.
case "$(cat "$venv/ready" 2>/dev/null || true)" in
"$place,"*) ;;
*) rm -rf "$venv" ;;
esac
if [ ! -x "$venv/bin/python" ]; then
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" >"$here/.venv.log" 2>&1; then
        cat "$here/.venv.log" >&2
        rm -rf "$venv" "$here/.venv.log"
        echo "make setup: $python cannot make a virtual environment; install its venv module (Debian: python3-venv)" >&2
        exit 1
    fi
    rm -f "$here/.venv.log"
fi

# uv first, from its own entry of the same hashed file; then everything through uv, or through pip
# where uv cannot run. uv does not read pip's settings, so an index of one's own is handed over.
awk '/^uv==/ {found = 1} found {print} found && !/\\$/ {exit}' "$here/requirements.txt" >"$venv/uv.txt"
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    index=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi
if "$venv/bin/python" -m pip install --quiet --require-hashes --no-deps -r "$venv/uv.txt" &&
    "$venv/bin/python" -m uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$here/requirements.txt"; then
    "$venv/bin/python" -m uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
else
    echo "setup: uv cannot install here, pip takes over (slower)" >&2
    "$venv/bin/python" -m pip install --quiet --require-hashes --no-deps -r "$here/requirements.txt"
    "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
    "$venv/bin/python" -m pip check
fi
# Compiled once, here, on all cores: else whatever starts first does it, and where
# PYTHONDONTWRITEBYTECODE is set every process does, which doubles the time that it takes to start.
"$venv/bin/python" -m compileall -qq -j 0 -x '/tests?/' "$venv/lib" || true # old syntax in examples
"$venv/bin/python" -m compileall -qq -j 0 dags metabase seeds_generator
echo "$stamp" >"$venv/ready"
