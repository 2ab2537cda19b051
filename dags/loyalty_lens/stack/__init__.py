"""The docker-compose stack: what `make env`, `make up` and the one-shot containers run.

`make_env`, `before_up` and `addresses` run on the host with the standard library alone, before
anything is installed; `init`, `api_server` and `smoke` run in the image.
"""
