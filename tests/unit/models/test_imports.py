"""Nobody but the models' own process pays for SciPy and scikit-learn."""

import subprocess
import sys

HEAVY = ("numpy", "scipy", "sklearn")
IMPORT = """
import sys
import loyalty_lens.cli.main
import loyalty_lens.pipeline.models
print(*sorted({{name.split(".")[0] for name in sys.modules}} & {heavy!r}))
"""


def test_the_command_starts_without_what_only_models_need() -> None:
    code = IMPORT.format(heavy=set(HEAVY))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
