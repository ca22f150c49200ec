"""DQN with an LSTM or a GRU: the recipe of R2D2 (Kapturowski et al. 2019) for one machine.

Sequences are replayed from the state that was remembered when they were played. A few steps bring it up to date with the
weights of now, and then whole sequences are learnt from, with resets wherever an episode begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import torch

from .dqn import DQN
from .networks import shifted
from .policies import masked
from .replay import Replay
from .sequences import SequenceReplay, Sequences

GREATEST = 0.9  # what the greatest error of a sequence counts in its priority; the rest is for the mean
SLOPE = 1e-3  # of the line that keeps `squash` invertible


class RecurrentDQN(DQN):
    """As `DQN`; `policy_kwargs` has `memory` ("lstm" or "gru", the first by default) and `memory_size`.

    A minibatch is `batch_size` // `sequence` sequences. `burn_in`: steps before each that bring the memory up to date.
    `rescale`: values are learnt on a scale that brings great ones together (Pohlen et al. 2018).
    """

    replay_class: ClassVar[type[Replay]] = SequenceReplay
    recurrent: ClassVar[bool] = True

    def __init__(
        self,
        policy: Any,
        env: Any,
        *,
        burn_in: int = 8,
        sequence: int = 24,
        rescale: bool = False,
        policy_kwargs: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.burn_in, self.sequence, self.rescale = burn_in, sequence, rescale
        super().__init__(policy, env, policy_kwargs={"memory": "lstm", **(policy_kwargs or {})}, **options)

    def _replay_options(self, n_steps: int) -> dict[str, Any]:
        return {**super()._replay_options(n_steps), "burn_in": self.burn_in, "sequence": self.sequence}

    def _parts(self, batch: Any) -> Iterator[Any]:
        """Sequences stay whole."""
        yield batch

    def _values_and_targets(self, batch: Sequences) -> tuple[torch.Tensor, torch.Tensor]:
        """What every action is worth at every step, (S, k, actions), and what the one that was taken should be, (S, k)."""
        masks = self.replay_buffer.masks(batch.places[self.burn_in :])
        values = self._unroll(self.q_net, batch)
        with torch.no_grad():
            later = self._unroll(self.q_net_target, batch)
            best = masked(values if self.double else later, masks).argmax(-1, keepdim=True)
            hopes = later.gather(-1, best)[..., 0].gather(0, batch.after)
            hopes = unsquash(hopes) if self.rescale else hopes
            targets = batch.returns * self._reward_scale() + batch.discounts * hopes
        return values[:-1], squash(targets) if self.rescale else targets

    def _unroll(self, net: Any, batch: Sequences) -> torch.Tensor:
        """Values (S + 1, k, actions) of the steps after the burn-in, through which no gradient goes."""
        early, late, state = batch.places[: self.burn_in], batch.places[self.burn_in :], batch.state
        with self.autocast():
            if not torch.is_grad_enabled():
                latent = net.memory.unroll(self._see(net, batch.places), state, batch.starts)[self.burn_in :]
                return net.values(latent.flatten(0, 1)).float().unflatten(0, late.shape)
            if self.burn_in:
                with torch.no_grad():
                    state = net.memory.end(self._see(net, early), state, batch.starts[: self.burn_in])
            latent = net.memory.unroll(self._see(net, late), state, batch.starts[self.burn_in :])
            return net.values(latent.flatten(0, 1)).float().unflatten(0, late.shape)

    def _see(self, net: Any, places: torch.Tensor) -> torch.Tensor:
        """(time, k) places -> (time, k, width)."""
        obs = shifted(self.replay_buffer.observations(places.flatten()), self.shift)
        return net.eyes(obs).unflatten(0, places.shape)

    def _learn_priorities(self, batch: Sequences, error: torch.Tensor) -> None:
        far = error.abs() * (batch.weights > 0)
        self.replay_buffer.priorities.update(batch.items, GREATEST * far.amax(0) + (1 - GREATEST) * far.mean(0))


def squash(x: torch.Tensor) -> torch.Tensor:
    """A root of both signs, and a little of the line.

    >>> squash(torch.tensor([-3.0, 0.0, 8.0])).tolist()
    [-1.003000020980835, 0.0, 2.007999897003174]
    """
    return x.sign() * ((x.abs() + 1).sqrt() - 1) + SLOPE * x


def unsquash(x: torch.Tensor) -> torch.Tensor:
    """What `squash` makes x of.

    >>> unsquash(squash(torch.tensor([-3.0, 8.0]))).round(decimals=2).tolist()
    [-3.0, 8.0]
    """
    root = (1 + 4 * SLOPE * (x.abs() + 1 + SLOPE)).sqrt()
    return x.sign() * (((root - 1) / (2 * SLOPE)).square() - 1)
