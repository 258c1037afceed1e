"""Blocks, slicing plans, supernets and families: where networks come from."""

from sartor.nets.blocks import BLOCKS
from sartor.nets.families import Mobile, mobile
from sartor.nets.family import FAMILIES, Family
from sartor.nets.layers import ChannelMeans, Layer
from sartor.nets.network import Blueprint, Network
from sartor.nets.parts import Part
from sartor.nets.supernet import Supernet, Worn, reset_norms_, resize

__all__ = [
    "BLOCKS",
    "FAMILIES",
    "Blueprint",
    "ChannelMeans",
    "Family",
    "Layer",
    "Mobile",
    "Network",
    "Part",
    "Supernet",
    "Worn",
    "mobile",
    "reset_norms_",
    "resize",
]
