"""Write files as detectors do, with frames of 2 x 3 pixels that count on from file to file.

Usage: detector.py FORMAT FILE FIRST COUNT [DTYPE]

FORMAT is h5, bitshuffle, edf, big (an EDF file of big-endian numbers) or gzip (a compressed EDF
file). FIRST is the number of the first frame: frame n has the pixels 6 n to 6 n + 5.
"""

import gzip
import sys

import numpy

# Modules of formats are imported where they are needed: some take seconds.


def edf(filename, frames):
    import fabio.edfimage

    image = fabio.edfimage.EdfImage(data=frames[0], header={"title": "first"})
    for frame in frames[1:]:
        # Headers are not all of the same length.
        image.append_frame(data=frame, header={"note": "x" * 1000})
    image.write(filename)


def big(filename, frames):
    names = {"uint16": "UnsignedShort", "float32": "FloatValue"}
    with open(filename, "wb") as file:
        for frame in frames:
            header = "{\nByteOrder = HighByteFirst ;\nDataType = %s ;\nDim_1 = 3 ;\nDim_2 = 2 ;\n"
            file.write((header % names[frame.dtype.name]).encode().ljust(510) + b"}\n")
            file.write(frame.astype(frame.dtype.newbyteorder(">")).tobytes())


def main(form, filename, first, count, dtype="uint16"):
    pixels = numpy.arange(6 * int(first), 6 * (int(first) + int(count)), dtype=dtype)
    frames = pixels.reshape(int(count), 2, 3)
    if form == "h5":
        import h5py

        with h5py.File(filename, "w") as file:
            file["entry/data"] = frames
    elif form == "bitshuffle":
        import h5py
        import hdf5plugin

        with h5py.File(filename, "w") as file:
            file.create_dataset("entry/data", data=frames, **hdf5plugin.Bitshuffle(cname="none"))
    elif form == "big":
        big(filename, frames)
    else:
        edf(filename, frames)
        if form == "gzip":
            with open(filename, "rb") as file:
                content = file.read()
            with gzip.open(filename, "wb") as file:
                file.write(content)


main(*sys.argv[1:])
