"""Which designs are looked at before some are chosen: all of a small space, else evolved ones."""

import numpy as np

from sartor.search.evolve import breed
from sartor.search.feasible import stratified
from sartor.search.front import Indices
from sartor.search.history import History
from sartor.search.met import Met
from sartor.search.outlook import Oracle
from sartor.search.protocol import Problem
from sartor.search.survival import survive
from sartor.space import Genes

SMALL = 20_000
"""Designs of a space that is looked at whole."""
POPULATION = 200
GENERATIONS = 12
CANDIDATES = 2500
"""Designs of those looked at, from which a batch is chosen."""
AROUND = 2000
"""Neighbours of the front that are looked at, at most."""


def whole(problem: Problem) -> Genes | None:
    """Return all designs of a small space that keep the limits as far as is estimated."""
    # The product is cheap to tell and no less than the number of designs.
    if np.prod(problem.coding.cardinalities.astype(float)) > SMALL:
        return None
    genes = problem.coding.every()
    return genes[problem.within(genes)]


def neighbours(history: History, front: Indices) -> Genes:
    """Return designs that differ in one choice from one of the front, each once."""
    coding = history.problem.coding
    around = [history.genes[:0], *(coding.neighbours(history.genes[place]) for place in front)]
    return Met(coding).fresh(np.concatenate(around))


def evolved(oracle: Oracle, history: History, around: Genes, rng: np.random.Generator) -> Genes:
    """Evolve on predictions, from trials, their neighbours and a spread sample.

    Args:
        oracle: Predicts.
        history: The trials.
        around: Neighbours of the front.
        rng: Randomness.

    Returns:
        The best new designs that were looked at and keep the limits as far as is estimated,
        (n, choices).
    """
    problem = history.problem
    met = Met(problem.coding)
    spread = stratified(problem, POPULATION // 4, rng, exclude=history.met)
    if len(around) > AROUND:
        around = rng.choice(around, AROUND, replace=False)
    genes = met.fresh(np.concatenate([history.genes[_best(oracle, history, rng)], spread, around]))
    outlook = oracle.outlook(genes)
    expected, excess, barred = outlook.expected, outlook.excess, outlook.barred
    places = np.arange(len(genes))
    for _ in range(GENERATIONS):
        ranked = survive(expected[places], excess[places], POPULATION, rng)
        places = places[ranked.chosen]
        children = breed(problem.coding, genes[places], ranked, POPULATION, rng, met)
        if not len(children):
            break  # a small space of which every design was met
        outlook = oracle.outlook(children)
        places = np.concatenate([places, len(genes) + np.arange(len(children))])
        genes = np.concatenate([genes, children])
        expected = np.concatenate([expected, outlook.expected])
        excess = np.concatenate([excess, outlook.excess])
        barred = np.concatenate([barred, outlook.barred])
    new = np.flatnonzero(~history.met.knows(genes) & ~barred)
    best = survive(expected[new], excess[new], CANDIDATES, rng).chosen
    return genes[new[best]]


def _best(oracle: Oracle, history: History, rng: np.random.Generator) -> Indices:
    return survive(oracle.measured(), history.excess(), POPULATION, rng).chosen
