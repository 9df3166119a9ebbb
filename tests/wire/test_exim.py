"""What docs/operate/exim.md writes out, read by Exim where it is installed: on Debian it cannot be beside Postfix."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.documents import files_of


def test_exim_takes_the_file_without_a_word(tmp_path: Path) -> None:
    exim = shutil.which("exim4") or shutil.which("exim")
    if exim is None or os.geteuid() != 0:
        pytest.skip("NOT TESTED: no Exim here, or no right to try it; see docs/operate/exim.md for what was checked")
    file = tmp_path / "exim4.conf"
    file.write_text(files_of("operate/exim.md")["/etc/exim4/exim4.conf"])
    done = subprocess.run([exim, "-bV", "-C", file], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
