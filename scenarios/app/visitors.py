"""How many visitors have a simulation of their own at one time."""

import threading


class Visitors:
    """Places for a limited number of visitors."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._present: set[int] = set()
        self._lock = threading.Lock()

    def enter(self, visitor: object) -> bool:
        """Take a place; False where none is free."""
        with self._lock:
            if len(self._present) >= self.largest and id(visitor) not in self._present:
                return False
            self._present.add(id(visitor))
            return True

    def leave(self, visitor: object) -> None:
        """Give the place back."""
        with self._lock:
            self._present.discard(id(visitor))
