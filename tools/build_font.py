"""Cuts the window's font from Noto Sans CJK (Debian: fonts-noto-cjk) with fontTools, and names the cut for what it is.

    python tools/build_font.py /usr/share/fonts/opentype/noto/NotoSansCJK-{Regular,Bold}.ttc

Each cut holds every character of GB 2312 and the Latin, Greek, punctuation, arrows and signs that the window's texts
use. They bear a name of their own, so that an installed Noto is never taken for them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

FAMILY: Final = "SLoRA Sans SC"
SOURCE_FACE: Final = "Noto Sans CJK SC"
FOLDER: Final = Path(__file__).parents[1] / "resources" / "fonts"
RANGES: Final = (
    (0x0020, 0x017F),  # Latin, Latin-1, Latin Extended-A
    (0x0391, 0x03C9),  # Greek
    (0x2000, 0x206F),  # general punctuation
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematical operators
    (0x2300, 0x23FF),  # technical: the keyboard's signs
    (0x2460, 0x2473),  # circled numbers
    (0x25A0, 0x27BF),  # shapes, signs and dingbats
    (0x3000, 0x303F),  # CJK punctuation
    (0xFF00, 0xFFEF),  # full-width forms
)
FEATURES: Final = ["kern", "tnum", "pnum", "ccmp", "mark", "case"]


def gb2312() -> set[int]:
    """Every character of GB 2312, levels 1 and 2 and its signs."""
    characters = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                characters.add(ord(bytes((row, cell)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return characters


def face_of(collection: TTCollection) -> TTFont:
    for font in collection.fonts:
        if font["name"].getDebugName(1) == SOURCE_FACE:
            return font
    raise SystemExit(f"the collection has no face {SOURCE_FACE!r}")


def lower_ellipsis(font: TTFont) -> None:
    """Three full stops for the ellipsis, which Chinese fonts set at half height and a whole em wide."""
    cmap, top = font.getBestCmap(), font["CFF "].cff[0]
    stop, ellipsis = cmap[ord(".")], cmap[ord("…")]
    advance, bearing = font["hmtx"][stop]
    glyphs = font.getGlyphSet()
    pen = T2CharStringPen(3 * advance, glyphs)
    for place in range(3):
        glyphs[stop].draw(TransformPen(pen, (1, 0, 0, 1, place * advance, 0)))
    old = top.CharStrings[ellipsis]
    drawn = pen.getCharString(old.private, old.globalSubrs)
    drawn.program[0] = 3 * advance - old.private.nominalWidthX  # widths are kept as differences from the usual one
    top.CharStrings[ellipsis] = drawn
    font["hmtx"][ellipsis] = (3 * advance, bearing)


def rename(font: TTFont) -> str:
    """Gives the cut its names; returns the one of its file."""
    table = font["name"]
    style = table.getDebugName(2)
    names = {1: FAMILY, 2: style, 3: f"{FAMILY} {style}", 4: f"{FAMILY} {style}", 6: f"SLoRASansSC-{style}"}
    kept = {0, 5, 7, 8, 9, 11, 13, 14}  # copyright, version, trademark, makers, licence
    table.names = [record for record in table.names if record.nameID in kept and record.langID == 0x409]
    for name_id, text in names.items():
        table.setName(text, name_id, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames[0] = names[6]
    top[0].FamilyName, top[0].FullName = FAMILY, names[4]
    return names[6]


def main(source: str) -> None:
    font = face_of(TTCollection(source))
    options = Options(
        layout_features=FEATURES, hinting=False, name_IDs=["*"], name_languages=["*"], notdef_outline=True
    )
    cut = Subsetter(options)
    cut.populate(unicodes=gb2312() | {code for first, last in RANGES for code in range(first, last + 1)})
    cut.subset(font)
    lower_ellipsis(font)
    target = FOLDER / f"{rename(font)}.otf"
    font.save(target)
    print(f"{target.name}: {len(font.getBestCmap())} characters, {target.stat().st_size} bytes")


if __name__ == "__main__":
    for path in sys.argv[1:]:
        main(path)
