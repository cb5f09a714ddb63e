"""Clients that each send the next request when the last is answered and it is time; prints a summary as JSON."""

import json
import math
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

URL = urlsplit(os.environ["SERVICE_URL"].rstrip("/"))
PATH = os.environ.get("LOAD_PATH") or os.environ.get("HEALTH_PATH") or "/health"
SECONDS = float(os.environ.get("LOAD_SECONDS") or 60)
CLIENTS = int(os.environ.get("LOAD_CONCURRENCY") or 10)
PAUSE = CLIENTS / float(os.environ.get("LOAD_REQUESTS_PER_SECOND") or 100)  # from one request of a client to its next
HEADERS = {"User-Agent": "sendy-load-test"}  # WAF's common rules refuse requests without


def client(end: float) -> tuple[Counter[int], Counter[str]]:
    """Milliseconds and errors of one client, which keeps its connection."""
    times, errors = Counter[int](), Counter[str]()
    link = (HTTPSConnection if URL.scheme == "https" else HTTPConnection)(URL.netloc, timeout=10)
    while (start := time.monotonic()) < end:
        try:
            link.request("GET", URL.path + PATH, headers=HEADERS)
            answer = link.getresponse()
            answer.read()
            error = f"status {answer.status}" if answer.status >= 400 else ""
        except (OSError, HTTPException) as failure:
            link.close()
            error = type(failure).__name__
        times[math.ceil((time.monotonic() - start) * 1000)] += 1
        if error:
            errors[error] += 1
            time.sleep(0.05)  # a host that refuses must not become a busy loop
        time.sleep(max(0.0, start + PAUSE - time.monotonic()))
    return times, errors


with ThreadPoolExecutor(CLIENTS) as pool:
    results = list(pool.map(client, [time.monotonic() + SECONDS] * CLIENTS))
times = sorted(t for counts, _ in results for t in counts.elements())
errors = sum((counts for _, counts in results), Counter[str]())
if not times:
    sys.exit("no request was sent")
summary = {
    "requests": len(times),
    "requests_per_second": round(len(times) / SECONDS, 1),
    "p50_milliseconds": times[math.ceil(0.5 * len(times)) - 1],
    "p95_milliseconds": times[math.ceil(0.95 * len(times)) - 1],
    "p99_milliseconds": times[math.ceil(0.99 * len(times)) - 1],
    "error_percent": round(100 * sum(errors.values()) / len(times), 3),
    "errors": errors,
}
print(json.dumps(summary, indent=2))
