"""ministack, an AWS for one machine: its own virtual environment, its process, clients of it.

It runs Python functions with the Python that it runs on itself, so that is the one that the package
was built for. It listens on 127.0.0.1 alone; nothing that it is given leaves the machine.
https://github.com/ministackorg/ministack
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import urllib3

from ..packaging import ROOT
from ..packaging.interpreter import find_python
from ..packaging.permissions import ACCOUNT, REGION
from . import Patience, RehearsalError, Tell

VERSION = "1.5.33"
FOLDER = ROOT / "build" / f"ministack-{VERSION}"

_KEY = "test"
"""The account's root, as ministack knows it: both the id and the secret of its key."""
_KNOWN_TYPES = (
    "import json; from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS; "
    "print(json.dumps(sorted(_RESOURCE_HANDLERS)))"
)


def install(tell: Tell, folder: Path = FOLDER) -> Path:
    """The bin folder of ministack's own environment, made on the first call."""
    types = folder / "types.json"
    if not types.exists():
        tell(f"ministack {VERSION} is installed in {folder}, half a minute, once …")
        shutil.rmtree(folder, ignore_errors=True)
        _run(str(find_python()), "-m", "venv", str(folder))
        python = str(folder / "bin" / "python")
        _run(python, "-m", "pip", "install", "--quiet", f"ministack[full]=={VERSION}")
        types.write_text(_run(python, "-c", _KNOWN_TYPES), encoding="utf-8")
    return folder / "bin"


def known_types(bin_folder: Path) -> frozenset[str]:
    """The types of resource that its CloudFormation makes; it refuses a template with others."""
    return frozenset(json.loads((bin_folder.parent / "types.json").read_text(encoding="utf-8")))


class Ministack:
    """The emulator on a free port, started and stopped as a context manager.

    Policies are enforced: every call is judged by the policy of who signed it.
    """

    def __init__(self, bin_folder: Path, log: Path, patience: Patience) -> None:
        self._program = bin_folder / "ministack"
        self._log = log
        self._patience = patience
        self.session = boto3.session.Session(
            aws_access_key_id=_KEY, aws_secret_access_key=_KEY, region_name=REGION
        )

    def __enter__(self) -> Ministack:
        self._scratch = tempfile.TemporaryDirectory(
            prefix="rejoinder-rehearsal-", ignore_cleanup_errors=True
        )
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [str(self._program)],
                cwd=self._scratch.name,
                env=_environment(port, self._scratch.name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its functions are processes of its own group: none of them outlives it.
                start_new_session=True,
            )
        try:
            self._patience.until(self._is_up, "ministack does not answer")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        # Nothing in it is to be kept, so it is not asked to put anything away.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._scratch.cleanup()

    def client(self, service: str) -> Any:
        """An administrator's client."""
        return self.session.client(service, endpoint_url=self.url)

    def _is_up(self) -> bool | None:
        if self._process.poll() is not None:
            raise RehearsalError(f"ministack ended at once ({self._process.returncode})")
        try:
            answer = urllib3.request("GET", f"{self.url}/_ministack/health", retries=False)
        except urllib3.exceptions.HTTPError:
            return None
        return True if answer.status == 200 else None


def _environment(port: int, scratch: str) -> dict[str, str]:
    """All that it is told; functions inherit it, so nothing of this shell's is in it."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": scratch,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        "S3_DATA_DIR": f"{scratch}/s3",
        "STATE_DIR": f"{scratch}/state",
        # Listeners of services that are not used here.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise RehearsalError(f"`{' '.join(command[:5])} …` failed:\n{last}")
    return done.stdout
