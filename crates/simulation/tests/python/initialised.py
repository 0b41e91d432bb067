"""Prints as JSON what initialising left in a store: initialised.py URL [init]

With `init`, blissdata initialises the empty database itself. Either way a scan is published,
searched for and sealed, with blissdata alone.
"""

import json
import sys

import numpy
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream


def fields_of_index(redis):
    info = redis.execute_command("FT.INFO", "esrf:scan:index")
    if not isinstance(info, dict):
        info = dict(zip(info[::2], info[1::2]))
    info = {name.decode(): value for name, value in info.items()}
    text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
    flat = lambda value: (
        [flat(item) for item in value]
        if isinstance(value, list)
        else {text(k): flat(v) for k, v in value.items()}
        if isinstance(value, dict)
        else text(value)
    )
    return {"attributes": flat(info["attributes"]), "definition": flat(info["index_definition"])}


def main(url, *init):
    store = DataStore(url, init_db=bool(init))
    redis = store._redis
    keys = {key.decode(): redis.get(key).decode() for key in sorted(redis.keys("*"))}
    limit = redis.execute_command("FT.CONFIG", "GET", "MAXPREFIXEXPANSIONS")
    functions = [
        function[b"name"].decode() if isinstance(function, dict) else function[1].decode()
        for library in redis.function_list(library="mylib")
        for function in (library[b"functions"] if isinstance(library, dict) else library[5])
    ]

    identity = {"name": "scan", "number": 3, "data_policy": "no_policy", "session": "made here"}
    scan = store.create_scan(identity, info={"title": "a scan"})
    stream = scan.create_stream(Stream.make_definition("diode", numpy.float64))
    empty = scan.create_stream(Stream.make_definition("empty", numpy.float64))
    scan.prepare()
    scan.start()
    stream.send(numpy.arange(5.0))
    stream.send(5.0)
    scan.stop()
    scan.close()
    print(
        json.dumps(
            {
                "keys": keys,
                "limit": str(limit),
                "functions": functions,
                "index": fields_of_index(redis),
                "lengths": [len(stream), len(empty)],
                "found": store.search_existing_scans(session="made here")[1] == [scan.key],
            }
        )
    )


main(*sys.argv[1:])
