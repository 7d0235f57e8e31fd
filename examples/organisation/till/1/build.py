"""Builds dist/till.pyz: one runnable file, the same bytes for the same source."""

import pathlib
import zipfile

MOMENT = (1980, 1, 1, 0, 0, 0)

if __name__ == "__main__":
    target = pathlib.Path("dist/till.pyz")
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(pathlib.Path("till").glob("*.py")):
            archive.writestr(zipfile.ZipInfo(path.as_posix(), MOMENT), path.read_bytes())
        main = b"import runpy\nrunpy.run_module('till', run_name='__main__')\n"
        archive.writestr(zipfile.ZipInfo("__main__.py", MOMENT), main)
