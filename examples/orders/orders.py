"""Orders of a courier: what a valid one is, and a store of the latest ones."""

import threading
import uuid
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Final

MAX_WEIGHT: Final = 30.0  # kilograms, what one courier carries
MAX_ADDRESS: Final = 200  # characters
CAPACITY: Final = 10_000  # orders kept in memory


class OrderError(ValueError):
    """The order cannot be accepted; the message says why."""


@dataclass(frozen=True)
class Order:
    """One parcel from one address to another."""

    id: str
    pickup: str
    dropoff: str
    weight_kilograms: float

    def as_dict(self) -> dict[str, object]:
        """The order as it is sent to clients."""
        return asdict(self)


def parse(document: object) -> Order:
    """A new order from a client's JSON document.

    Raises:
        OrderError: A field is missing or outside its limits.
    """
    if not isinstance(document, dict):
        raise OrderError("expected a JSON object")
    weight = document.get("weight_kilograms")
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight <= MAX_WEIGHT:
        raise OrderError(f"weight_kilograms: expected a number above 0, at most {MAX_WEIGHT:g}")
    return Order(str(uuid.uuid4()), _address(document, "pickup"), _address(document, "dropoff"), float(weight))


def _address(document: dict[str, object], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MAX_ADDRESS:
        raise OrderError(f"{key}: expected an address of at most {MAX_ADDRESS} characters")
    return value.strip()


class Store:
    """The latest orders, in this process only; safe to use from several threads."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """An empty store that forgets the oldest order above its capacity."""
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._capacity = capacity
        self._lock = threading.Lock()

    def add(self, order: Order) -> None:
        """Keeps the order."""
        with self._lock:
            self._orders[order.id] = order
            while len(self._orders) > self._capacity:
                self._orders.popitem(last=False)

    def get(self, order_id: str) -> Order | None:
        """The order, or nothing when it is unknown or forgotten."""
        with self._lock:
            return self._orders.get(order_id)
