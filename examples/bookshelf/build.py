"""Builds dist/bookshelf.pyz: one runnable file, the same bytes for the same source."""

import pathlib
import zipfile

MOMENT = (1980, 1, 1, 0, 0, 0)
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = b"import bookshelf.__main__ as m\nm.main()\n"


def main():
    target = pathlib.Path("dist/bookshelf.pyz")
    target.parent.mkdir(exist_ok=True)
    files = sorted(pathlib.Path("bookshelf").rglob("*.py"))
    with target.open("wb") as out:
        out.write(SHEBANG)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.writestr(zipfile.ZipInfo(path.as_posix(), MOMENT), path.read_bytes())
            archive.writestr(zipfile.ZipInfo("__main__.py", MOMENT), MAIN)
    target.chmod(0o755)
    print(f"{target}: {len(files)} modules, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
