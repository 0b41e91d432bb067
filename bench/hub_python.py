"""One operation of one primitive, as Python programs of a beamline do it: gevent inside of a thread,
`threading` and `queue` between threads.

    hub_python.py CASE OPERATIONS

Prints one line of JSON: how many operations, and how many seconds they took together. The cases are
those of crates/hub/examples/primitives.
"""

import json
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import gevent
import gevent.event
import gevent.lock
import gevent.queue
import gevent.threadpool

PLACES = 1024
MANY = 4
END = object()


def lock_inside(operations: int) -> float:
    mine, other = gevent.lock.BoundedSemaphore(1), gevent.lock.BoundedSemaphore(1)
    other.acquire()
    sides = [(mine, other), (other, mine)]
    begin = time.perf_counter()
    gevent.joinall([gevent.spawn(take_turns, *side, operations) for side in sides], raise_error=True)
    return time.perf_counter() - begin


def lock_across(operations: int) -> float:
    mine, other = threading.Lock(), threading.Lock()
    other.acquire()
    sides = [(mine, other), (other, mine)]
    return timed([partial(take_turns, *side, operations) for side in sides])


def take_turns(take, give, operations: int):
    """A lock of Python is not fair: the thread that releases it has it again before the other wakes up.
    Handing over two of them is the quickest way to take turns."""
    for _ in range(operations // 2):
        take.acquire()
        give.release()


def queue_inside(operations: int, pairs: int = 1) -> float:
    items = gevent.queue.Queue(PLACES)
    begin = time.perf_counter()
    consumers = [gevent.spawn(consume, items) for _ in range(pairs)]
    producers = [gevent.spawn(produce, items, operations // pairs) for _ in range(pairs)]
    gevent.joinall(producers, raise_error=True)
    for _ in consumers:
        items.put(END)
    gevent.joinall(consumers, raise_error=True)
    return time.perf_counter() - begin


def queue_many_inside(operations: int) -> float:
    return queue_inside(operations, MANY)


def queue_across(operations: int, pairs: int = 1) -> float:
    items = queue.Queue(PLACES)

    def produce_all():
        produce(items, operations // pairs)
        items.put(END)

    return timed([produce_all] * pairs + [lambda: consume(items)] * pairs)


def queue_many_across(operations: int) -> float:
    return queue_across(operations, MANY)


def produce(items, number: int):
    put = items.put
    for item in range(number):
        put(item)


def consume(items):
    get = items.get
    while get() is not END:
        pass


def trigger(operations: int) -> float:
    """The event loops of two threads wake each other. What wakes the loop of gevent from
    another thread is an `async` watcher; no more than one is under way here, since they coalesce."""
    forth = []
    ready = threading.Event()
    done = gevent.event.Event()
    here = gevent.get_hub().loop.async_()
    left = operations // 2

    def came_back():
        nonlocal left
        left -= 1
        if left == 0:
            done.set()
        else:
            forth[0].send()

    def serve():
        watcher = gevent.get_hub().loop.async_()
        end = gevent.event.Event()
        ends = gevent.get_hub().loop.async_()
        watcher.start(here.send)
        ends.start(end.set)
        forth.extend([watcher, ends])
        ready.set()
        end.wait()

    here.start(came_back)
    other = threading.Thread(target=serve)
    other.start()
    ready.wait()
    begin = time.perf_counter()
    forth[0].send()
    done.wait()
    elapsed = time.perf_counter() - begin
    forth[1].send()
    other.join()
    return elapsed


def launch(operations: int) -> float:
    """A greenlet runs a function in another thread."""
    pool = gevent.threadpool.ThreadPool(1)
    pool.apply(int)
    begin = time.perf_counter()
    for number in range(operations):
        assert pool.apply(same, (number,)) == number
    return time.perf_counter() - begin


def launch_blocking(operations: int) -> float:
    """A thread runs a function in another thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        begin = time.perf_counter()
        for number in range(operations):
            assert pool.submit(same, number).result() == number
        return time.perf_counter() - begin


def same(number: int) -> int:
    return number


def timed(mains: list[Callable[[], None]]) -> float:
    """Run each in a thread of its own; not counting the start of the threads."""
    start = threading.Barrier(len(mains) + 1)

    def run(main):
        start.wait()
        main()

    threads = [threading.Thread(target=run, args=(main,)) for main in mains]
    for thread in threads:
        thread.start()
    start.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begin


CASES = {
    "lock-inside": lock_inside,
    "lock-across": lock_across,
    "queue-inside": queue_inside,
    "queue-across": queue_across,
    "queue-many-inside": queue_many_inside,
    "queue-many-across": queue_many_across,
    "trigger": trigger,
    "launch": launch,
    "launch-blocking": launch_blocking,
}

if __name__ == "__main__":
    name, operations = sys.argv[1], int(sys.argv[2])
    print(json.dumps({"operations": operations, "seconds": CASES[name](operations)}))
