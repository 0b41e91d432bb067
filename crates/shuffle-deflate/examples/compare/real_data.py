"""Makes .npy files of measured data that Python packages contain, for the example `compare`.

    pip install astropy h5py nibabel numpy obspy pillow pydicom scikit-image scikit-learn scipy
    python real_data.py FOLDER [RECORDING.jsonl.gz]...

Recordings are those of Redis commands in `crates/testing`: a JSON object with base64 arguments per line. The payloads
of their streams are doubles.
"""

import base64
import collections
import gzip
import json
import pathlib
import sys

import astropy.io.fits
import nibabel
import numpy
import obspy
import pydicom.data
import scipy
import skimage.io
import sklearn.datasets


def package_file(package, path):
    return pathlib.Path(package.__file__).parent / path


def images():
    data = pathlib.Path(skimage.__file__).parent / "data"
    yield "photograph u8", skimage.io.imread(data / "camera.png")
    yield "photograph rgb u8", skimage.io.imread(data / "astronaut.png")
    yield "galaxies rgb u8", skimage.io.imread(data / "hubble_deep_field.jpg")
    yield "faces f64", numpy.load(data / "lfw_subset.npy")
    yield "stereo disparity f32", numpy.load(data / "motorcycle_disp.npz")["arr_0"]
    tests = "io/fits/hdu/compressed/tests/data/m13.fits"
    yield "star cluster i16", astropy.io.fits.getdata(package_file(astropy, tests))
    tests = "modeling/tests/data/1904-66_AZP.fits"
    yield "radio sky f32", astropy.io.fits.getdata(package_file(astropy, tests))


def medicine():
    tests = pathlib.Path(nibabel.__file__).parent / "tests/data"
    yield "magnetic resonance u8", nibabel.load(tests / "anatomical.nii").dataobj.get_unscaled()
    yield "magnetic resonance i16", nibabel.load(tests / "example4d.nii.gz").dataobj.get_unscaled()
    ecg = pydicom.dcmread(pydicom.data.get_testdata_file("waveform_ecg.dcm"))
    waves = ecg.WaveformSequence[0].WaveformData
    yield "electrocardiogram i16", numpy.frombuffer(waves, "<i2")


def tables():
    yield "digits f64", sklearn.datasets.load_digits().data
    yield "cell nuclei f64", sklearn.datasets.load_breast_cancer().data
    folder = package_file(scipy, "stats/tests/data/levy_stable")
    yield "distribution f64", numpy.load(folder / "stable-Z1-pdf-sample-data.npy")


def seismograms():
    folder = package_file(obspy, "io/mseed/tests/data")
    traces = []
    for path in sorted(folder.glob("*.mseed")):
        try:
            traces += [trace.data for trace in obspy.read(str(path), format="MSEED")]
        except Exception:  # Some of these files are broken on purpose.
            continue
    integers = [trace for trace in traces if trace.dtype == numpy.int32]
    yield "seismograms i32", numpy.concatenate(integers)


def recorded(path):
    """The streams of scans, each as one array, the largest first."""
    streams = collections.defaultdict(bytes)
    for line in gzip.open(path):
        arguments = [base64.b64decode(part) for part in json.loads(line).get("args", [])]
        if arguments[:1] == [b"XADD"] and b"payload" in arguments:
            streams[arguments[1]] += arguments[arguments.index(b"payload") + 1]
    longest = max(map(len, streams.values()))
    equal = [payload for payload in streams.values() if len(payload) == longest]
    name = "BLISS " + pathlib.Path(path).parent.name
    yield f"{name} f64", numpy.frombuffer(b"".join(equal), "<f8")


def main(folder, *recordings):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sources = [images(), medicine(), tables(), seismograms(), *map(recorded, recordings)]
    for source in sources:
        for name, array in source:
            array = numpy.ascontiguousarray(array)
            print(f"{name}: {array.dtype} {array.shape}, {array.nbytes} bytes")
            numpy.save(folder / f"{name}.npy", array)


if __name__ == "__main__":
    main(*sys.argv[1:])
