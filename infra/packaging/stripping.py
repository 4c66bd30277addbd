"""What of the libraries in the package is left out, and why each.

Lives here: the table, and the reading of it. Never here: anything of ours, nor a change inside a
file. Whatever the table leaves out wrongly, the proof that follows it finds: every module of ours
and every library is imported from what remains, and every function answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from .contents import Distribution

LEFT_OUT: Final[Mapping[str, str]] = {
    "*/tests/*": "tests of the libraries",
    "*.pyi": "types, for who writes code",
    "*.pxd": "for who compiles against Cython",
    "*.pyx": "source of what is compiled",
    "*.[ach]": "for who compiles against C",
    "*/py.typed": "types, for who writes code",
    "*.data/scripts/*": "commands",
    "*/__pyinstaller/*": "for who freezes programs",
    "*/_pyinstaller/*": "for who freezes programs",
    "*.dist-info/entry_points.txt": "commands",
    "*.dist-info/sboms/*": "what the wheel was built from",
    # The grammar of CEL is all that we read of cel-python: chalicelib/catalog/rules/syntax.py. What
    # its interpreter needs is loaded by nothing; the image has botocore's own dateutil, jmespath.
    "celpy/*": "cel-python's interpreter; its grammar is kept",
    "re2/*": "for cel-python's interpreter",
    "pendulum/*": "for cel-python's interpreter",
    "yaml/*": "for cel-python's interpreter",
    "_yaml/*": "for cel-python's interpreter",
    "jmespath/*": "for cel-python's interpreter; botocore's is in the image",
    "dateutil/*": "for pendulum; botocore's is in the image",
    "cffi/*": "makes bindings; cryptography needs _cffi_backend alone",
    "pycparser/*": "for cffi, to make bindings",
    "lark/grammars/*": "grammars to import from, which CEL's does not",
    "lark/tools/*": "commands",
    "numpy/_core/_*_tests.*": "for numpy's tests",
    "numpy/_core/_simd.*": "for numpy's tests",
    "numpy/_core/include/*": "for who compiles against C",
    "numpy/_core/lib/*": "for who compiles against C",
    "numpy/conftest.py": "for numpy's tests",
    "numpy/ctypeslib/*": "loaded when asked for; we do not",
    "numpy/f2py/*": "wraps Fortran",
    "numpy/fft/*": "loaded when asked for; we do not",
    "numpy/ma/testutils.py": "for who tests",
    "numpy/polynomial/*": "loaded when asked for; we do not",
    "numpy/random/_examples/*": "examples",
    "numpy/random/lib/*": "for who compiles against C",
    "numpy/testing/*": "for who tests",
    "oauthlib/oauth2/*": "X takes OAuth 1",
    "oauthlib/openid/*": "X takes OAuth 1",
    "pydantic/mypy.py": "types, for who writes code",
    "pydantic/v1/*": "the pydantic of before",
    # The metric that we use is in metrics_cpp; its variant for AVX2 is the same to single words.
    # Where the others lack, rapidfuzz takes its own Python for what we do not call.
    "rapidfuzz/*_avx2.*": "the plain variant runs on every machine",
    "rapidfuzz/fuzz_cpp.*": "we ask for distances alone",
    "rapidfuzz/process_cpp_impl.*": "we ask for distances alone",
    "rapidfuzz/process_cpp.py": "we ask for distances alone",
    "rapidfuzz/utils_cpp.*": "we ask for distances alone",
    "urllib3/contrib/emscripten/*": "for browsers",
    "urllib3/contrib/pyopenssl.py": "another TLS",
    "urllib3/contrib/socks.py": "proxies",
}
"""Reason by pattern of a file's name in the zip; `*` stands for slashes too."""

KEPT: Final = frozenset({"celpy/cel.lark"})
"""What is shipped although a pattern has it."""

X86_ONLY: Final = frozenset({"rapidfuzz/*_avx2.*"})
"""Patterns of what wheels for arm64 do not bring."""

OURS: Final = ("app.py", "chalicelib/", "chalice/")
"""Our own files and chalice's runtime, which no pattern touches."""


def reason(name: str) -> str | None:
    """Why this file of the zip is left out, None for one that is shipped."""
    if name in KEPT or name.startswith(OURS):
        return None
    return next((why for glob, why in LEFT_OUT.items() if fnmatchcase(name, glob)), None)


def shipped(names: Iterable[str], present: Iterable[Distribution]) -> list[str]:
    """The names that stay, in order. Of a library nothing stays of, its description goes too."""
    stay = {name for name in names if reason(name) is None}
    for distribution in present:
        described = {name for name in stay & distribution.files if ".dist-info/" in name}
        if described == stay & distribution.files:
            stay -= described
    return sorted(stay)


def idle(names: Iterable[str], architecture: str) -> list[str]:
    """The patterns that none of these names has: the library dropped or moved what they mean."""
    known = list(names)
    meant = (glob for glob in LEFT_OUT if architecture == "x86_64" or glob not in X86_ONLY)
    return [glob for glob in meant if not any(fnmatchcase(name, glob) for name in known)]
