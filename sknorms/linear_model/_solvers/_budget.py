"""How much work a fit may do, and how much it has done."""

__all__ = ["Budget"]


class Budget:
    """Sweeps that may be made, counted down."""

    def __init__(self, sweeps: int) -> None:
        self._sweeps = sweeps
        self.spent = 0

    @property
    def left(self) -> int:
        """Return how many sweeps are left."""
        return max(0, self._sweeps - self.spent)

    def spend(self, sweeps: int) -> None:
        """Count sweeps; a Newton step counts as one."""
        self.spent += sweeps
