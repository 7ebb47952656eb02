"""The study engine: specification, graph, store, execution."""
