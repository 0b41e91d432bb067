"""Asks h5grove questions about a file, and prints its answers.

The questions come as JSON from standard input: a list of objects with `kind`, `path`, and the parameters of a request. An answer
is JSON, or the bytes of numbers as hexadecimal digits; `null` stands for an error.
"""

import json
import sys

from h5grove.content import get_content_from_file, get_list_of_paths
from h5grove.encoders import encode


class Refused(Exception):
    pass


def refuse(status, text):
    return Refused(f"{status}: {text}")


def ask(file, question):
    kind, path = question["kind"], question["path"]
    links = question.get("resolve_links")
    if kind == "paths":
        with get_list_of_paths(file, path, refuse, links) as paths:
            return json.loads(encode(paths).content)
    with get_content_from_file(file, path, refuse, links) as content:
        if kind == "meta":
            found = content.metadata()
        elif kind == "attr":
            found = content.attributes(question.get("attr_keys"))
        elif kind == "stats":
            found = content.data_stats(question.get("selection"))
        else:
            flatten = question.get("flatten", False)
            found = content.data(question.get("selection"), flatten, question.get("dtype"))
        encoded = encode(found, question.get("format")).content
    is_json = question.get("format") in (None, "json")
    return json.loads(encoded) if is_json else encoded.hex()


def main():
    file = sys.argv[1]
    answers = []
    for question in json.load(sys.stdin):
        try:
            answer = ask(file, question)
        except Exception as error:
            print(f"{question}: {error!r}", file=sys.stderr)
            answer = None
        answers.append({"question": question, "answer": answer})
    lines = ",\n".join(json.dumps(answer, ensure_ascii=False) for answer in answers)
    print(f"[\n{lines}\n]")


main()
