"""`lens` typed in this process: a dozen commands, each a process of its own, take a minute."""

from pathlib import Path

from click.testing import CliRunner, Result

from loyalty_lens.cli.main import lens as command
from loyalty_lens.errors import LensError


class Typed:
    """`lens` with a warehouse of its own."""

    def __init__(self, home: Path, url: str) -> None:
        self.environment = {"LENS_HOME": str(home), "LENS_DATABASE_URL": url, "COLUMNS": "120"}

    def __call__(self, *arguments: str) -> Result:
        return CliRunner(env=self.environment).invoke(command, arguments)

    def works(self, *arguments: str) -> str:
        """What a command that must succeed prints."""
        done = self(*arguments)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    def refusal(self, *arguments: str) -> str:
        """The one line with which a command must end; `main` makes it exit code 1."""
        done = self(*arguments)
        assert isinstance(done.exception, LensError), (done.output, done.exception)
        return str(done.exception)
