"""What the lithium inventory says about a stated retention or efficiency."""
