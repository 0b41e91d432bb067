"""pandas: a table of the counters of a scan."""

import h5py
import numpy as np
import pandas
from readers.files import SavedFile, assert_same

PACKAGE = "pandas"


def table(file: SavedFile):
    with h5py.File(file.path) as h5:
        measurement = h5[file.measurement]
        columns = {name: pandas.Series(item[()]) for name, item in measurement.items() if item.ndim == 1}
    found = pandas.DataFrame(columns)
    scalars = [name for name in file.names if file.channel(name).shape == ()]
    assert set(scalars) == set(found.columns)
    for name in scalars:
        assert_same(found[name].dropna(), file.values(name), name)
    assert len(found) == max(len(file.values(name)) for name in scalars)
    assert np.isclose(found[scalars[0]].mean(), file.values(scalars[0]).mean())


FINDS = {"table of counters": (("curve", "mesh"), table)}
