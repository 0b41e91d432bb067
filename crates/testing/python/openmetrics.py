"""Parses metrics in the text format of OpenMetrics from standard input, strictly, and prints them as JSON."""

import json
import math
import sys

from prometheus_client.openmetrics.parser import text_fd_to_metric_families


def main():
    families = [
        {
            "name": family.name,
            "kind": family.type,
            "help": family.documentation,
            "unit": family.unit,
            "samples": [
                (sample.name, sample.labels, sample.value if math.isfinite(sample.value) else str(sample.value))
                for sample in family.samples
            ],
        }
        for family in text_fd_to_metric_families(sys.stdin)
    ]
    json.dump(families, sys.stdout)


main()
