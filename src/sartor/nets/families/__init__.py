"""Families of networks, one file each."""

from sartor.nets.families.mobile import Layout, Mobile, Stage, mobile
from sartor.nets.families.published import published, published_designs

__all__ = ["Layout", "Mobile", "Stage", "mobile", "published", "published_designs"]
