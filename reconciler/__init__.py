"""Declarative desired-state reconciler for Genesys Web Engagement.

YAML manifests describe objects of a Genesys Configuration Server; a planner
compares them with the live objects; an applier executes the plan.
``docs/architecture.md`` draws the whole way.
"""

__version__ = "0.1.0"
