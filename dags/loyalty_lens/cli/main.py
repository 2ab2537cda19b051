"""The command `lens`: exit code 0 only on success, one clear line on standard error otherwise."""

import datetime as dt
import logging
import sys
import traceback

import click

from loyalty_lens.cli import (
    adapt,
    bring,
    dashboards,
    demo,
    export,
    generate,
    metabase,
    models,
    points,
    privacy,
    quality,
    recovery,
    server,
    steps,
    stewardship,
    unload,
)
from loyalty_lens.errors import LensError
from loyalty_lens.settings import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--demo", "use_demo", is_flag=True, help="Use the demo's own database.")
@click.pass_context
def lens(context: click.Context, use_demo: bool) -> None:
    """Loyalty Lens: from daily files to points, RFM and segments that explain themselves."""
    settings = Settings.from_environment(demo=use_demo)
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(message)s", datefmt="%H:%M:%S"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every request
    context.obj = settings


COMMANDS = (
    *server.COMMANDS,
    *steps.COMMANDS,
    *unload.COMMANDS,
    *recovery.COMMANDS,
    *bring.COMMANDS,
    *stewardship.COMMANDS,
    *quality.COMMANDS,
    *points.COMMANDS,
    *privacy.COMMANDS,
    *export.COMMANDS,
    *models.COMMANDS,
    *generate.COMMANDS,
    *adapt.COMMANDS,
    *dashboards.COMMANDS,
    *metabase.COMMANDS,
    *demo.COMMANDS,
)
for command in COMMANDS:
    lens.add_command(command)


def main() -> None:
    """Entry point: turns every failure into one line and an exit code."""
    try:
        lens.main(prog_name="lens", standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" ({context.command_path} --help)" if context else ""
        _tell(error.format_message() + hint)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _tell("stopped; nothing half-done is kept, the next run goes on from here")
        sys.exit(130)
    except LensError as error:
        _tell(str(error))
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  (the last resort: one line, and the trace in a file)
        _tell(f"unexpected {type(error).__name__}: {error}; {_kept(error)}")
        sys.exit(1)


def _tell(message: str) -> None:
    click.echo("lens: " + " ".join(message.split()), err=True)


def _kept(error: Exception) -> str:
    trace = "".join(traceback.format_exception(error))
    try:
        path = Settings.from_environment().home / "error.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{dt.datetime.now(dt.UTC).isoformat()} {trace}\n")
    except (OSError, LensError):
        return trace
    return f"the trace is in {path}"


if __name__ == "__main__":
    main()
