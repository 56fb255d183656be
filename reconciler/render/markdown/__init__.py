"""Output as Markdown, for notes on merge requests and for summaries of jobs."""
