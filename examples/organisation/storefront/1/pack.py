"""Packs the pages and the preview server into dist/storefront.pyz, the same bytes for the same source."""

import pathlib
import zipfile

if __name__ == "__main__":
    target = pathlib.Path("dist/storefront.pyz")
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(pathlib.Path("public").iterdir()):
            archive.writestr(zipfile.ZipInfo(path.as_posix(), (1980, 1, 1, 0, 0, 0)), path.read_bytes())
        archive.writestr(zipfile.ZipInfo("__main__.py", (1980, 1, 1, 0, 0, 0)), pathlib.Path("preview.py").read_bytes())
