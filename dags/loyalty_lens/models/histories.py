"""Customers of equal history are reckoned once: many have the same."""

import numpy as np
import numpy.typing as npt

from loyalty_lens.models.likelihood import Array


def distinct(*columns: Array) -> tuple[list[Array], npt.NDArray[np.intp]]:
    """The different rows of `columns`, as columns, and the place of each row among them."""
    order = np.lexsort(columns)
    rows = [column[order] for column in columns]
    is_new = np.ones(len(order), dtype=np.bool_)
    is_new[1:] = np.any([row[1:] != row[:-1] for row in rows], axis=0)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.cumsum(is_new) - 1
    return [row[is_new] for row in rows], place
