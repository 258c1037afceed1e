"""What rounding does to a network: int8, rehearsed in float."""

from sartor.compress.fake_quantize import fake_quantize_, fold_norms_, round_weight

__all__ = ["fake_quantize_", "fold_norms_", "round_weight"]
