"""The engine: from manifests to a plan, a run and its report. ``Reconciler`` is its public
class."""
