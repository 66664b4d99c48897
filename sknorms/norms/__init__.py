"""What a norm is: value, dual norm, prox and projection; row norms; clipping."""

__all__: list[str] = []
