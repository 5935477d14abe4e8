"""Write arrays that a program does, and does not, take as its input int8[8, 16]."""

import os
import pickle
import sys

import numpy as np

os.chdir(sys.argv[1])
x = np.arange(128, dtype=np.int8).reshape(8, 16)
np.save("x.npy", x)
np.save("int32.npy", x.astype(np.int32))
np.save("half.npy", x[:4])
np.save("objects.npy", np.array([1, "two"], dtype=object))
with open("x.npy", "rb") as file:
    whole = file.read()
contents = {
    "empty.npy": b"",
    "header.npy": whole[:20],
    "cut.npy": whole[:-5],
    "text.npy": b"1 2 3\n",
    "pickled.npy": pickle.dumps([1, 2]),
}
for name, content in contents.items():
    with open(name, "wb") as file:
        file.write(content)
with open("zipped.npy", "wb") as file:
    np.savez(file, x=x)
