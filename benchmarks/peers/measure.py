"""How time is taken, for whatever can be called."""

import statistics
import time

# After the warm-up there are runs until they took a second together, or there are so many; never too few to have a median.
WARM_UP, MOST_RUNS, LEAST_RUNS, ENOUGH_SECONDS = 3, 200, 5, 1.0


def median_ms(call, most=MOST_RUNS):
    """Median of many runs in milliseconds, and how many there were. The warm-up ends early where it takes a second, too."""
    begun = time.perf_counter()
    for _ in range(WARM_UP):
        call()
        if time.perf_counter() - begun > ENOUGH_SECONDS:
            break
    times = []
    while len(times) < LEAST_RUNS or (sum(times) < ENOUGH_SECONDS and len(times) < most):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000, len(times)
