"""Brings the translations up to date with the sources: new texts into the .ts file, finished ones into the .qm file.

python tools/update_translations.py            texts that are gone are dropped
python tools/update_translations.py --check    changes nothing; exit code 1 where something is stale or unfinished
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

ROOT: Final = Path(__file__).parents[1]
TS: Final = ROOT / "resources" / "i18n" / "slora_zh_CN.ts"
QM: Final = TS.with_suffix(".qm")


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(f"pyside6-{name}"))


def extract(ts: Path) -> None:
    """Merge the texts of all sources into ``ts``."""
    sources = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "slora_gui").rglob("*.py"))
    command = [tool("lupdate"), *sources, "-ts", str(ts), "-no-obsolete", "-locations", "none", "-silent"]
    subprocess.run(command, cwd=ROOT, check=True)


def compile_messages(ts: Path, qm: Path) -> None:
    subprocess.run([tool("lrelease"), str(ts), "-qm", str(qm), "-silent"], cwd=ROOT, check=True)


def unfinished(ts: Path) -> list[str]:
    """Source texts without a finished translation."""
    found = []
    for context in ElementTree.parse(ts).iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            forms = [] if translation is None else [form.text for form in translation.iter("numerusform")]
            texts = forms or [None if translation is None else translation.text]
            if translation is None or translation.get("type") or not all(texts):
                found.append(f"{context.findtext('name')}: {message.findtext('source')}")
    return found


def problems() -> list[str]:
    """What the files in the repository lack against the sources; empty when they are up to date."""
    with tempfile.TemporaryDirectory() as folder:
        ts, qm = Path(folder) / TS.name, Path(folder) / QM.name
        ts.write_bytes(TS.read_bytes())
        extract(ts)
        compile_messages(ts, qm)
        missing = [f"not translated: {text}" for text in unfinished(ts)]
        if qm.read_bytes() != QM.read_bytes():
            missing.append(f"{QM.name} is older than {TS.name} or the sources")
        return missing


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        found = problems()
        print("\n".join(found) or "translations are complete and fresh")
        return 1 if found else 0
    extract(TS)
    compile_messages(TS, QM)
    left = unfinished(TS)
    print("\n".join(left) or f"{TS.name}: every text is translated")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
