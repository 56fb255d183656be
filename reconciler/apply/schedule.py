"""When the actions of a plan may start: each after the actions that it depends on. Pure.

The plan is cut into stages. An action that starts alone is a stage of its own; the actions
between two of them are a stage, in which independent actions run in any order. A stage begins when
all actions of the previous stage have ended.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from reconciler.plan.actions import Write
from reconciler.plan.ordering.dependencies import dependencies, starts_alone


class Schedule:
    """Hands out the numbers of actions that may start, the earliest in the plan first."""

    def __init__(self, actions: Sequence[Write]) -> None:
        self._stages = _stages(actions)
        self._stage_of = {n: at for at, stage in enumerate(self._stages) for n in stage}
        before = dependencies(actions)
        self._waits_for = [len(numbers) for numbers in before]
        self._followers: list[list[int]] = [[] for _ in actions]
        for number, earlier in enumerate(before):
            for one in earlier:
                self._followers[one].append(number)
        self._stage = -1
        self._open = 0
        self._ready: list[int] = []
        self._begin_stage()

    @property
    def ready(self) -> int:
        """How many actions may start now."""
        return len(self._ready)

    def take(self) -> int:
        """The next action that may start. Must not be called if none is ready."""
        return heappop(self._ready)

    def end(self, number: int) -> None:
        """Records that an action has ended: what waited for it may start."""
        for one in self._followers[number]:
            self._waits_for[one] -= 1
            if not self._waits_for[one] and self._stage_of[one] == self._stage:
                heappush(self._ready, one)
        self._open -= 1
        if not self._open:
            self._begin_stage()

    def _begin_stage(self) -> None:
        self._stage += 1
        if self._stage < len(self._stages):
            stage = self._stages[self._stage]
            self._open = len(stage)
            self._ready = [number for number in stage if not self._waits_for[number]]
            heapify(self._ready)


def _stages(actions: Sequence[Write]) -> list[list[int]]:
    stages: list[list[int]] = []
    apart = True
    for number, action in enumerate(actions):
        alone = starts_alone(action)
        if alone or apart:
            stages.append([])
        stages[-1].append(number)
        apart = alone
    return stages
