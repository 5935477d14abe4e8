"""Write calibration files to a folder, each with one fault, for inputs image f32 [1, 3, 2, 2] and
place i64 [1, 4]."""

import sys
import zipfile
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
image, place = np.ones((2, 3, 2, 2), np.float32), np.zeros((2, 4), np.int64)
np.savez(folder / "right.npz", image=image, place=place)
np.savez(folder / "names.npz", picture=image, place=place)
np.savez(folder / "one.npz", image=image)
np.savez(folder / "counts.npz", image=image, place=place[:1])
np.savez(folder / "shape.npz", image=image[:, :1], place=place)
np.savez(folder / "empty.npz", image=image[:0], place=place[:0])
np.savez(folder / "type.npz", image=image.astype(np.uint8), place=place)
np.savez(folder / "nan.npz", image=image * np.nan, place=place)
np.savez(folder / "objects.npz", image=np.array([{}]), place=place)
np.savez(folder / "huge.npz", image=image * 1e38, place=place)
np.savez(folder / "index.npz", image=image, place=place + 9)
(folder / "text.npz").write_text("no zip")
(folder / "cut.npz").write_bytes((folder / "right.npz").read_bytes()[:300])
with zipfile.ZipFile(folder / "zip.npz", "w") as archive:
    archive.writestr("image.npy", "no array")
